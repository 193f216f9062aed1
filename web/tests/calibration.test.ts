import { describe, expect, it } from "vitest";
import { type Calibration, type KnownPoint, calibrate, calibrationOf, floorDistance, focalShare, metresOf, pointAt, profileOf } from "../src/calibration";
import type { Depth } from "../src/depth";

/** Distances 1…9 m from right to left, told as 0.5 · (1/m) + 0.1. */
const WIDTH = 90;
const metresAt = (x: number): number => 9.05 - (8 * (x + 0.5)) / WIDTH;
const values = Float32Array.from({ length: WIDTH }, (_, x) => (1 / metresAt(x) - 0.1) / 0.5);
const depth: Depth = { width: WIDTH, height: 1, values, kind: "relative_inverse", low: Math.min(...values), high: Math.max(...values) };
const made = { model: "embedded", weightsSha256: "ab" };
const known = (x: number, metres = metresAt(x)): KnownPoint => ({ place: { x: (x + 0.5) / WIDTH, y: 0.5 }, metres });

const fitted = (...points: KnownPoint[]): Calibration => {
  const found = calibrate(depth, points, made);
  if (typeof found === "string") throw new Error(found);
  return found;
};

describe("calibrate", () => {
  it("finds scale and shift, and so metres everywhere", () => {
    const found = fitted(known(5), known(80));
    expect(found.scale).toBeCloseTo(0.5, 3);
    expect(found.shift).toBeCloseTo(0.1, 3);
    for (const x of [10, 40, 85]) expect(metresOf(found, values[x] as number)?.metres).toBeCloseTo(metresAt(x), 1);
  });

  it("says more uncertainty the farther from what is known", () => {
    const found = fitted(known(70), known(80));
    const sigma = (x: number): number => {
      const told = metresOf(found, values[x] as number);
      return told ? told.sigma / told.metres : Infinity;
    };
    expect(sigma(75)).toBeLessThan(sigma(40));
    expect(metresOf(found, -1)).toBeNull();
  });

  it.each([
    ["fewPoints", [known(5)]],
    ["sameDepth", [known(5), known(5, 3)]],
    ["contradict", [known(5, 1), known(80, 8)]],
    ["misfit", [known(5), known(80), known(40, 12)]],
  ] as const)("refuses: %s", (reason, points) => {
    expect(calibrate(depth, points, made)).toBe(reason);
  });

  it("refuses places without depth", () => {
    const holes = { ...depth, values: values.map((value, x) => (x < 10 ? Number.NaN : value)) };
    expect(calibrate(holes, [known(3), known(80)], made)).toBe("noDepthThere");
  });
});

describe("a camera profile", () => {
  it("is read again, for the same kind and weights alone", () => {
    const text = profileOf(fitted(known(5), known(80)), 900, 10);
    expect(JSON.parse(text)).toMatchObject({ format: "nearfar calibration 1", kind: "relative_inverse", width: 900 });
    expect(calibrationOf(text, depth, "ab")?.scale).toBeCloseTo(0.5, 3);
    expect(calibrationOf(text, depth, "cd")).toBeNull();
    expect(calibrationOf(text, { ...depth, kind: "affine_depth" }, "ab")).toBeNull();
    expect(calibrationOf("{", depth, "ab")).toBeNull();
  });
});

describe("a level floor", () => {
  it("is as far as its angle below the horizon says", () => {
    const focal = focalShare(90, { width: 200, height: 100 });
    expect(focal).toBeCloseTo(1);
    expect(floorDistance({ x: 0.5, y: 0.75 }, 0.5, 1.5, focal)).toBeCloseTo(6);
    expect(floorDistance({ x: 0.5, y: 0.4 }, 0.5, 1.5, focal)).toBeNaN();
    expect(pointAt({ x: 0.5, y: 0.75 }, 6, focal, { width: 200, height: 100 })[1]).toBeCloseTo(1.5);
  });
});
