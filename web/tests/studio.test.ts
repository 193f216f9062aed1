import { describe, expect, it } from "vitest";
import { parseNpy } from "../src/npy";
import { warningsOf } from "../src/source/service";
import { enlarged, reducedSize } from "../studio/enlarge";
import { exposureFaults } from "../studio/exposure";
import { CARD, networkSize } from "../studio/network";
import { writeNpy } from "../studio/npy";
import { opaque, shrink } from "../studio/shrink";
import { sharpen } from "../studio/outlines";
import stored from "./studio.json"; // what the library makes of the same, by studio/values.py

const photo = { width: 41, height: 29, pixels: Uint8Array.from(stored.photo) };
const depth = { width: 32, height: 24, values: Float32Array.from(stored.depth) };
const grey = Float32Array.from(stored.grey);

const farthest = (found: ArrayLike<number>, wanted: readonly number[]): number => {
  expect(found.length).toBe(wanted.length);
  return Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] as number))));
};

describe("a picture made smaller", () => {
  it.each(stored.shrunk)("is the library's at $width × $height", ({ width, height, pixels }) => {
    expect(farthest(shrink(photo, width, height).pixels, pixels)).toBeLessThanOrEqual(1);
  });

  it("is the library's where it is halved first", () => {
    const pixels = Uint8Array.from({ length: 82 * 58 * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 82, Math.floor(i / 246)];
      return photo.pixels[((y % 29) * 41 + (x % 41)) * 3 + (i % 3)] as number;
    });
    expect(farthest(shrink({ width: 82, height: 58, pixels }, 5, 7).pixels, stored.halved)).toBeLessThanOrEqual(1);
  });

  it("loses what covers it", () => {
    expect([...opaque(2, 1, Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 255])).pixels]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("outlines", () => {
  it.each([1, 2])("are the library's after %d passes", (passes) => {
    const found = sharpen(depth, grey, passes).values;
    expect(farthest(found, stored.sharpened[passes - 1] as number[])).toBeLessThan(5e-5);
  });

  it("of a flat map stay as they are", () => {
    const flat = { width: 2, height: 2, values: Float32Array.of(3, 3, 3, 3) };
    expect(sharpen(flat, new Float32Array(4), 1)).toBe(flat);
  });
});

describe("a map at the photo's size", () => {
  const goal = { width: 45, height: 30, columns: 45, rows: 30 };

  it("is the library's", () => {
    expect(farthest(enlarged(depth, goal).values, stored.enlarged)).toBeLessThan(5e-5);
  });

  it("has in a smaller copy the values in the middle of its pixels", () => {
    const small = enlarged(depth, { ...goal, columns: 15, rows: 15 });
    expect(small.values[0]).toBeCloseTo(stored.enlarged[45 + 1] as number, 5);
    expect(small.values.length).toBe(225);
  });

  it("is never larger than what was asked for, nor than the photo", () => {
    expect([reducedSize(4000, 3000, 1280), reducedSize(640, 480, 1280), reducedSize(9000, 10, 1280)]).toEqual([[1280, 960], [640, 480], [1280, 1]]);
    expect(reducedSize(2048, 1360, 320)).toEqual([320, 212]); // half a pixel to the even one
    expect(reducedSize(4000, 3000, null)).toEqual([4000, 3000]);
  });
});

describe("the network's input", () => {
  it("has the size that the library gives it", () => {
    for (const [width, height, size, wide, high] of stored.sizes) {
      expect(networkSize(width as number, height as number, size), `${width} × ${height} at ${size}`).toEqual([wide, high]);
    }
  });

  it("is that of a file whose hash is known", () => {
    expect(CARD.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(Object.entries({ usual: [1, 0], dark: [0.05, 0], bright: [0.2, 245], flat: [0.01, 90] }))("is %s, as the library says", (name, [share, shift]) => {
    const pixels = photo.pixels.map((value) => Math.trunc(Math.min(255, value * (share as number) + (shift as number))));
    const header = stored.exposure[name as "usual"].map((code) => `${code}: why`).join(", ");
    expect(exposureFaults({ ...photo, pixels })).toEqual(warningsOf(header));
  });
});

describe("a NumPy file", () => {
  it("is read back as it was", async () => {
    const read = parseNpy(await writeNpy(depth).arrayBuffer());
    expect([read.width, read.height, ...read.values]).toEqual([32, 24, ...depth.values]);
  });
});
