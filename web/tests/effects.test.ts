import { describe, expect, it } from "vitest";
import { Failure } from "../src/client";
import { type Given, type Pixels, nearOf } from "../studio/effects/ask";
import { refined } from "../studio/effects/edges";
import { gifOf } from "../studio/effects/gif";
import { applied } from "../studio/effects/table";
import type { Loop } from "../studio/effects/wiggle";
import { animated } from "../studio/effects/webp";
import stored from "./effects.json"; // what the library makes of the same, by studio/pictures.py

const MOST_LEVELS = 2;

const bytes = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floats = (text: string): Float32Array => new Float32Array(bytes(text).buffer);
const { width, height } = stored;
const values = floats(stored.depth);
const given: Given = {
  photo: { width, height, pixels: bytes(stored.photo) },
  depth: { width, height, values, kind: "relative_inverse", low: Math.min(...values), high: Math.max(...values) },
  seen: stored.seen as [number, number],
};

const farthest = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  expect(found.length).toBe(wanted.length);
  return Math.max(...Array.from(wanted, (value, i) => Math.abs(value - (found[i] as number))));
};

describe("an effect in the browser", () => {
  it("knows how near the library finds each pixel, before and after it follows the photo", () => {
    expect(farthest(nearOf(given, false), floats(stored.near))).toBeLessThan(1e-6);
    expect(farthest(refined(floats(stored.near), given.photo, given.seen), floats(stored.refined))).toBeLessThan(1e-3);
  });

  it.each(stored.cases)("is the library's picture: $name $query", ({ name, query, pixels }) => {
    const { values: found } = applied(name, given, query as unknown as Record<string, string>) as Pixels;
    expect(farthest(found, bytes(pixels))).toBeLessThanOrEqual(MOST_LEVELS);
  });

  it.each([
    ["fog", { density: "40" }, "density"],
    ["fog", { colour: "none" }, "colour"],
    ["depth-slices", { count: "3", show: "4" }, "show"],
    ["stereo", { layout: "above" }, "layout"],
    ["normals", { near: "5", far: "2" }, "near"],
  ])("refuses an option by its name: %s %o", (name, query, parameter) => {
    expect(() => applied(name, given, query as Record<string, string>)).toThrow(expect.objectContaining({ code: "parameter", parameter }) as Failure);
  });
});

describe("a loop", () => {
  const loop = applied("wiggle", given, { frames: "4", size: "24", fps: "20" }) as Loop;

  it("swings: its first picture is not its third, and each has the size that was asked for", () => {
    expect([loop.width, loop.height, loop.frames.length, loop.delayMs]).toEqual([24, 18, 4, 50]);
    expect(loop.frames[0]).not.toEqual(loop.frames[2]);
    expect(farthest(loop.frames[1] as Uint8ClampedArray, loop.frames[3] as Uint8ClampedArray)).toBeLessThanOrEqual(1); // both from the middle
  });

  it("is a GIF of that size that loops without end", async () => {
    const file = new Uint8Array(await gifOf(loop).arrayBuffer());
    const text = String.fromCharCode(...file.subarray(0, 900));
    expect(text.slice(0, 6)).toBe("GIF89a");
    expect([file[6], file[8]]).toEqual([24, 18]);
    expect(text).toContain("NETSCAPE2.0\x03\x01\x00\x00");
    expect(file[file.length - 1]).toBe(0x3b);
  });

  it("is a WebP of the pictures' own chunks", async () => {
    const picture = new Blob([Uint8Array.from("RIFF....WEBPVP8 \x03\x00\x00\x00abc\x00", (letter) => letter.charCodeAt(0))]);
    const file = String.fromCharCode(...new Uint8Array(await (await animated([picture, picture], loop)).arrayBuffer()));
    expect(file.slice(8, 16)).toBe("WEBPVP8X");
    expect(file.split("ANMF").length - 1).toBe(2);
    expect(file.split("VP8 \x03\x00\x00\x00abc").length - 1).toBe(2);
    expect(file.length % 2).toBe(0);
  });
});
