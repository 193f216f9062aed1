import { describe, expect, it } from "vitest";
import type { Depth } from "../src/depth";
import { backdrop } from "../src/space/backdrop";
import { type Grid3, type Rule, distanceBehind, distanceOf, gridOf, solid, stepsOf, trianglesOf } from "../src/space/geometry";
import { MOTIONS, eyeAt } from "../src/space/paths";

const RULE: Rule = { fov: 90, far: 5, calibration: null };
const map = (kind: Depth["kind"], values: number[], width: number): Depth => ({
  width,
  height: values.length / width,
  values: Float32Array.from(values),
  kind,
  low: Math.min(...values),
  high: Math.max(...values),
});

describe("distanceOf", () => {
  it("puts the nearest at 1 and the farthest where the rule says, evenly in 1/distance", () => {
    const depth = map("relative_inverse", [0, 1, 2, 2], 2);
    expect([2, 0].map((value) => distanceOf(depth, value, RULE))).toEqual([1, 5]);
    expect(distanceOf(depth, 1, RULE)).toBeCloseTo(1 / 0.6);
  });

  it("is even in distance for affine depth, and the value itself for metric depth", () => {
    expect(distanceOf(map("affine_depth", [0, 1, 2, 2], 2), 1, RULE)).toBeCloseTo(3);
    expect(distanceOf(map("metric", [1, 7, 2, 2], 2), 7, RULE)).toBe(7);
    expect(distanceOf(map("metric", [1, 7, 2, 2], 2), Number.NaN, RULE)).toBeNaN();
  });
});

describe("a grid", () => {
  it("has each pixel on its ray", () => {
    const grid = gridOf(map("metric", [2, 2, 2, 4, 4, 4], 3), RULE, 99);
    expect([grid.columns, grid.rows]).toEqual([3, 2]);
    const [x, y, z] = grid.positions.slice(0, 3) as unknown as [number, number, number];
    expect(z).toBe(-2);
    expect(x / -z).toBeCloseTo(-2 / 3); // of tan 45° = 1, at the middle of the first of three columns
    expect(y / -z).toBeCloseTo(1 / 3);
    expect(distanceBehind(grid, 0.9)).toBe(4);
  });

  it("is cut where it jumps, and behind what is kept", () => {
    const flat = gridOf(map("metric", [2, 2, 2, 2], 2), RULE, 99);
    expect(trianglesOf(flat, Infinity).length).toBe(6);
    expect(trianglesOf(flat, 1.5).length).toBe(0);
    expect(trianglesOf(gridOf(map("metric", [2, 9, 2, 9], 2), RULE, 99), Infinity).length).toBe(0);
  });
});

describe("eyeAt", () => {
  it.each(MOTIONS)("%s comes back to where it began", (motion) => {
    const period = { none: 1, wiggle: 1.6, circle: 4, dolly: 6 }[motion];
    eyeAt(motion, period).forEach((n, i) => expect(n).toBeCloseTo(eyeAt(motion, 0)[i] as number));
  });
});

describe("an edge of the surface", () => {
  const row = [1, 1, 1, 1.2, 3.5, 4, 4, 4];
  const grid = gridOf(map("metric", [...row, ...row, ...row], 8), RULE, 99);
  const away = (of: { positions: Float32Array }): number[] => row.map((_, at) => -(of.positions[at * 3 + 2] as number));

  it("is a step, not a ramp", () => {
    expect(away(solid(grid))).toEqual([1, 1, 1, 1, 4, 4, 4, 4]);
  });

  it("is none on a slope, however flat it is seen", () => {
    const floor = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4].flatMap((inverse) => Array<number>(5).fill(1 / inverse)); // a plane
    const plane = gridOf(map("metric", floor, 5), RULE, 99);
    expect([...stepsOf(plane)]).not.toContain(1);
    expect(solid(plane).positions).toEqual(plane.positions);
    expect(trianglesOf(plane, 9, { steps: stepsOf(plane) }).length).toBe(4 * 7 * 6);
    expect(trianglesOf(plane, 9).length).toBeLessThan(4 * 7 * 6);
  });

  it("has behind it what is beside it, along the same rays, and fades away", () => {
    const front = solid(grid);
    const back = backdrop(front, stepsOf(front), all(front), photo(front.columns, front.rows));
    expect(away(back)).toEqual([1, 1, 1, 4, 4, 4, 4, 4]); // as far as a background goes on
    expect([...back.isBehind.subarray(0, 8)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
    const hides = [...back.colours].filter((_, i) => i % 4 === 3).slice(0, 8);
    expect([hides[2], hides[3], hides[4]]).toEqual([0, 0, 1]);
  });

  it("has the colours of the background behind it, and hardly its own", () => {
    const wide = [...Array<number>(20).fill(1), ...Array<number>(20).fill(4)];
    const big = gridOf(map("metric", [...wide, ...wide, ...wide], 40), RULE, 99);
    const { colours, isBehind } = backdrop(big, stepsOf(big), all(big), photo(40, 3));
    const red = wide.map((_, at) => colours[(40 + at) * 4] as number);
    expect([...isBehind.subarray(40, 80)].indexOf(1)).toBe(15);
    for (const at of [16, 17, 18]) expect(red[at]).toBe(1);
    expect(red[19]).toBeCloseTo(0.3); // the seam
    const bare = backdrop(big, stepsOf(big), new Uint32Array(0), photo(40, 3)).colours;
    expect([...bare.subarray((40 + 17) * 4, (40 + 18) * 4)]).toEqual([0, 0, 0, 1]); // where no surface is drawn before it, the photo's own
  });

  it("leaves no gap: what lies behind begins where the surface ends", () => {
    const front = solid(grid);
    const [steps, none] = [stepsOf(front), new Uint8Array(0)];
    const back = backdrop(front, steps, all(front), photo(front.columns, front.rows));
    const drawn = trianglesOf(front, 9, { steps }).length + trianglesOf(back, 9, { wanted: back.isBehind, steps: none }).length;
    expect(trianglesOf(front, 9, { steps }).length).toBeLessThan(4 * 7 * 3);
    expect(drawn).toBeGreaterThanOrEqual(4 * 7 * 3);
  });

  it("stands behind all else where nothing is known, in its own colours", () => {
    const row = [2, 2, 2, 2, Number.NaN, Number.NaN, Number.NaN, Number.NaN];
    const open = gridOf({ ...map("metric", [...row, ...row, ...row], 8), low: 2, high: 2 }, RULE, 99);
    const { positions, isBehind, colours } = backdrop(open, stepsOf(open), all(open), photo(8, 3));
    expect([...isBehind.subarray(8, 16)]).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    expect(-(positions[(8 + 6) * 3 + 2] as number)).toBeCloseTo(2.2);
    expect([...colours.subarray((8 + 6) * 4, (8 + 7) * 4)]).toEqual([1, 0, 0, 1]);
  });

  it("makes one slope of two backgrounds that meet", () => {
    const between = [...Array<number>(10).fill(4), 1, 1, 1, ...Array<number>(10).fill(8)];
    const wide = gridOf(map("metric", [...between, ...between, ...between], 23), RULE, 99);
    const back = backdrop(wide, stepsOf(wide), all(wide), photo(23, 3));
    const found = between.map((_, at) => -(back.positions[(23 + at) * 3 + 2] as number)).slice(9, 14);
    expect([...back.isBehind.subarray(33, 36)]).toEqual([1, 1, 1]);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found[2]).toBeGreaterThan(4.5);
    expect(found[2]).toBeLessThan(7.5);
  });
});

const all = (grid: Grid3): Uint32Array => trianglesOf(grid, Number.POSITIVE_INFINITY);

/** Three colours a place: the left half black, the right half red. */
function photo(columns: number, rows: number): Float32Array {
  return Float32Array.from({ length: columns * rows * 3 }, (_, i) => Number(i % 3 === 0 && Math.floor(i / 3) % columns >= columns / 2));
}
