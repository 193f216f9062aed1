import { describe, expect, it } from "vitest";
import { type Depth, type DepthKind, extremes, nearness, steps, valueAt } from "../src/depth";

function depth(values: number[], width: number, kind: DepthKind = "relative_inverse"): Depth {
  const known = values.filter((value) => !Number.isNaN(value));
  const ends = { low: Math.min(...known), high: Math.max(...known) };
  return { width, height: values.length / width, values: Float32Array.from(values), kind, ...ends };
}

describe("nearness", () => {
  it("is 1 at the largest value of inverse depth", () => {
    const map = depth([2, 4, 6], 3);
    expect([2, 4, 6].map((value) => nearness(map, value))).toEqual([0, 0.5, 1]);
  });

  it.each(["metric", "affine_depth"] as const)("is 1 at the smallest value of %s", (kind) => {
    const map = depth([2, 4, 6], 3, kind);
    expect([2, 4, 6].map((value) => nearness(map, value))).toEqual([1, 0.5, 0]);
  });

  it("is 0 everywhere on a flat map", () => {
    expect(nearness(depth([3, 3], 2, "metric"), 3)).toBe(0);
  });

  it("is 0 where there is no depth", () => {
    expect(nearness(depth([Number.NaN, 1, 3], 3), Number.NaN)).toBe(0);
  });
});

describe("valueAt", () => {
  it("finds rows and columns, the far edges included", () => {
    const map = depth([1, 2, 3, 4], 2);
    expect([valueAt(map, 0, 0), valueAt(map, 1, 0), valueAt(map, 0, 1), valueAt(map, 0.9, 0.9)]).toEqual([1, 2, 3, 4]);
  });
});

describe("steps", () => {
  it("spans 0 to 65535 at the map's own size", () => {
    expect([...steps(depth([0, 1, 2, 4], 2), 2, 2)]).toEqual([0, 16384, 32768, 65535]);
  });

  it("takes the middle of what a smaller pixel covers", () => {
    expect([...steps(depth([0, 4, 1, 1, 1, 1, 1, 1, 2], 9), 3, 1)]).toEqual([65535, 16384, 16384]);
  });
});

describe("extremes", () => {
  it("names the ninths that are nearest and farthest", () => {
    const values = Array.from({ length: 81 }, (_, i) => Math.floor(i / 9) + (i % 9) / 10);
    expect(extremes(depth(values, 9))).toEqual({ near: 8, far: 0 });
  });

  it("knows none on a flat map", () => {
    expect(extremes(depth([1, 1], 2))).toBeNull();
  });
});
