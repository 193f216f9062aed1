import { describe, expect, it } from "vitest";
import { nearness, valueOfNearness } from "../src/depth";
import { BINS, distributionOf, nearnessBehind, shareBehind } from "../src/distribution";

const ramp = (kind: "relative_inverse" | "metric") => ({
  width: 100,
  height: 1,
  values: Float32Array.from({ length: 100 }, (_, i) => 2 + i),
  low: 2,
  high: 101,
  kind,
});

describe("a distribution", () => {
  it.each([["relative_inverse", 0.25], ["metric", 0.74]] as const)("of %s tells the share behind a value", (kind, share) => {
    expect(shareBehind(ramp(kind), 27)).toBeCloseTo(share, 1);
  });

  it("finds the nearness behind which a share lies", () => {
    expect(nearnessBehind(ramp("relative_inverse"), 0.25)).toBeCloseTo(0.25, 1);
  });

  it("has bins of shares", () => {
    const { bins } = distributionOf(ramp("metric"));
    expect(bins.length).toBe(BINS);
    expect(Math.max(...bins)).toBe(1);
  });
});

describe("valueOfNearness", () => {
  it.each(["relative_inverse", "metric"] as const)("of %s is the way back", (kind) => {
    expect(nearness(ramp(kind), valueOfNearness(ramp(kind), 0.3))).toBeCloseTo(0.3);
  });
});
