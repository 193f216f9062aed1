import { describe, expect, it } from "vitest";
import { type Field, between, boxMean, region, softened, stroke } from "../src/cut/mask";

/** A near square in the left half and one as near in the right half, on far ground; both red on blue. */
const WIDTH = 40;
const HEIGHT = 20;
const isSquare = (i: number): boolean => [i % WIDTH, Math.floor(i / WIDTH)].every((n, axis) => axis === 0
  ? (n >= 5 && n < 15) || (n >= 25 && n < 35)
  : n >= 5 && n < 15);
const field: Field = {
  width: WIDTH,
  height: HEIGHT,
  near: Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => (isSquare(i) ? 0.8 : 0.1)),
  colours: Uint8ClampedArray.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => [isSquare(i >> 2) ? 200 : 0, 0, isSquare(i >> 2) ? 0 : 200, 255][i & 3] as number),
};
const sum = (values: Float32Array): number => values.reduce((a, b) => a + b, 0);

describe("a region", () => {
  it("is what hangs together at the depth of its seed", () => {
    const kept = region(field, 10 * WIDTH + 10, 0.1);
    expect(sum(kept)).toBe(100);
    expect(kept[10 * WIDTH + 30]).toBe(0);
  });

  it("goes over a step of depth only where colours are alike", () => {
    const slope = { ...field, near: Float32Array.from(field.near, (_, i) => (i % WIDTH < 20 ? 0.5 : 0.57)) };
    const plain = { ...slope, colours: new Uint8ClampedArray(field.colours.length) };
    const stripes = slope.colours.map((_, i) => ((i >> 2) % WIDTH < 20 ? 0 : 255));
    expect(sum(region(plain, 0, 0.1))).toBe(WIDTH * HEIGHT);
    expect(sum(region({ ...slope, colours: stripes }, 0, 0.1))).toBe(20 * HEIGHT);
  });
});

describe("a mask", () => {
  it("keeps what lies between two values", () => {
    expect(sum(between(field, 0.5, 1))).toBe(200);
  });

  it("takes strokes that add and take away", () => {
    const mask = new Float32Array(WIDTH * HEIGHT);
    stroke(mask, field, [5, 10], [35, 10], 2, 1);
    const drawn = sum(mask);
    expect(drawn).toBeGreaterThan(30 * 4);
    stroke(mask, field, [5, 10], [35, 10], 9, 0);
    expect(sum(mask)).toBe(0);
  });

  it("is softened towards the edges of the photo", () => {
    const shifted = Float32Array.from(field.near, (_, i) => Number(isSquare(i - 1))); // a pixel off
    const soft = softened(shifted, field, 3);
    const off = (mask: Float32Array): number => mask.reduce((all, value, i) => all + Number(value > 0.5 !== isSquare(i)), 0);
    expect(off(soft)).toBeLessThan(off(shifted));
    expect(softened(shifted, field, 0)).toEqual(shifted);
  });
});

describe("boxMean", () => {
  it("is the mean over a square, cut off at the border", () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => i);
    const mean = boxMean(values, 4, 3, 1);
    expect(mean[0]).toBeCloseTo((0 + 1 + 4 + 5) / 4);
    expect(mean[5]).toBeCloseTo(5);
  });
});
