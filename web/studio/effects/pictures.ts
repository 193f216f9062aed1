/** Effects of each pixel by itself: fog, tint, slices. `nearfar.effects` of the same names, formula by formula. */
import { type ColormapName, colorTable } from "../../src/colors";
import { type Chosen, type Given, type Pixels, nearOf, percentile, refused } from "./ask";

const FARTHEST = 8; // times as far as the nearest pixel the farthest is taken to be
const LUMA = [0.2126, 0.7152, 0.0722] as const;

/** Contrast falls off exponentially with distance. */
export function fog(given: Given, chosen: Chosen): Pixels {
  const colour = chosen.colour("colour").map((value) => value * 255);
  const [density, start] = [chosen.number("density"), chosen.number("start")];
  const seen = nearOf(given, chosen.is("refine")).map((near) => {
    const away = (1 / (1 + (FARTHEST - 1) * near) - 1 / FARTHEST) / (1 - 1 / FARTHEST);
    return Math.exp(-density * Math.min(1, Math.max(0, (away - start) / Math.max(1 - start, 1e-6))));
  });
  return painted(given, (value, i, c) => (value - (colour[c] as number)) * (seen[i] as number) + (colour[c] as number));
}

/** Warm near, cold far; brightness stays. */
export function tint(given: Given, chosen: Chosen): Pixels {
  const [warm, cold] = [evened(chosen.colour("near")), evened(chosen.colour("far"))];
  const strength = chosen.number("strength");
  const near = nearOf(given, chosen.is("refine"));
  return painted(given, (value, i, c) => {
    const factor = (cold[c] as number) + ((warm[c] as number) - (cold[c] as number)) * (near[i] as number);
    return value * (1 + (factor - 1) * strength);
  });
}

function evened(colour: readonly number[]): number[] {
  const luma = colour.reduce((sum, value, c) => sum + value * (LUMA[c] as number), 0);
  return colour.map((value) => value / Math.max(luma, 0.05));
}

/** Each slice in its colour over the photo, or one alone with all else see-through. */
export function slices(given: Given, chosen: Chosen): Pixels {
  const [count, shown, opacity] = [chosen.number("count"), chosen.number("show"), chosen.number("opacity")];
  if (shown > count) throw refused("show", `show is ${shown}, but there are ${count} slices.`);
  const near = nearOf(given, chosen.is("refine"));
  const number = chosen.is("equal") ? byShares(near, count) : near.map((value) => Math.min(count - 1, Math.floor(value * count)));
  if (shown > 0) return alone(given, number.map((slice) => Number(slice === count - shown)));
  const table = new Uint8Array(colorTable(chosen.word<ColormapName>("colormap")).buffer);
  const colours = Array.from({ length: count }, (_, k) => Math.round((k / (count - 1)) * 65535) * 4);
  return painted(given, (value, i, c) => value * (1 - opacity) + (table[(colours[number[i] as number] as number) + c] as number) * opacity);
}

/** Slices of equally many pixels. */
function byShares(near: Float32Array, count: number): Float32Array {
  const sorted = near.slice().sort();
  const limits = Array.from({ length: count - 1 }, (_, k) => percentile(sorted, (k + 1) / count));
  return near.map((value) => limits.filter((limit) => limit <= value).length);
}

function alone({ photo: { width, height, pixels } }: Given, isIn: Float32Array): Pixels {
  const values = new Uint8ClampedArray(isIn.length * 4);
  isIn.forEach((is, i) => values.set([pixels[i * 3] as number, pixels[i * 3 + 1] as number, pixels[i * 3 + 2] as number, is * 255], i * 4));
  return { width, height, channels: 4, values };
}

/** A picture of the photo's size; ``value`` of pixel ``i`` and its channel ``c``, from the photo's own. */
function painted({ photo: { width, height, pixels } }: Given, value: (own: number, i: number, c: number) => number): Pixels {
  const values = new Uint8ClampedArray(pixels.length);
  for (let i = 0, at = 0; at < values.length; i += 1) {
    for (let c = 0; c < 3; c += 1, at += 1) values[at] = value(pixels[at] as number, i, c);
  }
  return { width, height, channels: 3, values };
}
