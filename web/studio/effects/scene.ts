/**
 * The picture as seen from further left or right: `nearfar.ops.sideways` in TypeScript. Near pixels hide far ones;
 * what comes into view behind an edge is fetched from a background in which near things were replaced.
 */
import type { Picture } from "../shrink";
import { areaTaps } from "../shrink";
import type { Plane, Size } from "../windows";
import { EDGE, covering, crisp } from "./edges";
import { averaged, blended, highest, lowest, resampled } from "./raster";

const TOP = 65535;
const MOST_BEHIND = 3_000_000; // pixels of the small copy

export interface Scene {
  readonly photo: Picture;
  /** Nearness in 0…1, edges as steps. */
  readonly near: Float32Array;
  /** The photo with the rims of near things replaced by what may stand behind them; null where nothing hides anything. */
  readonly behind: Uint8ClampedArray | null;
}

/** The scene, for views that move no pixel more than ``reach`` widths. */
export function sceneOf(photo: Picture, nearness: Float32Array, reach: number): Scene {
  const near = covering(crisp(nearness, photo), photo).map((value) => Math.floor(value * TOP + 0.5) / TOP);
  const reachPx = Math.max(1, Math.ceil(reach * photo.width));
  const step = Math.max(1, reachPx >> 3);
  const low = around(near, photo, { step, reachPx, isLow: true });
  const isRim = Uint8Array.from(near, (value, i) => Number(value - low(i) > EDGE));
  if (!isRim.includes(1)) return { photo, near, behind: null };
  const high = around(near, photo, { step, reachPx, isLow: false });
  let isSource = Uint8Array.from(near, (value, i) => Number(!isRim[i] && high(i) - value > EDGE));
  if (!isSource.includes(1)) isSource = isRim.map((is) => 1 - is); // else only what lies behind an edge may fill
  const colours = carriedOn(photo, isSource);
  const behind = Uint8ClampedArray.from(photo.pixels);
  for (let i = 0; i < behind.length; i += 1) if (isRim[Math.floor(i / 3)]) behind[i] = Math.trunc(colours[i] as number);
  return { photo, near, behind };
}

interface Reach {
  readonly step: number;
  readonly reachPx: number;
  readonly isLow: boolean;
}

/** The smallest or largest nearness about each pixel, found on a grid of squares. */
function around(near: Float32Array, { width, height }: Size, { step, reachPx, isLow }: Reach): (pixel: number) => number {
  const before = step >> 1;
  const own = (isLow ? lowest : highest)(near, { width, height }, before, step - 1 - before);
  const grid = { width: Math.ceil(width / step), height: Math.ceil(height / step) };
  const picked = Float32Array.from({ length: grid.width * grid.height }, (_, k) => own[Math.floor(k / grid.width) * step * width + (k % grid.width) * step] as number);
  const wide = (isLow ? lowest : highest)(picked, grid, Math.floor(reachPx / step) + 1);
  return (pixel) => wide[Math.floor(Math.floor(pixel / width) / step) * grid.width + Math.floor((pixel % width) / step)] as number;
}

/** Colours of the source pixels everywhere: their own, and their like where there are none. */
function carriedOn(photo: Picture, isSource: Uint8Array): Float32Array {
  let scale = 2;
  while (photo.width * photo.height > MOST_BEHIND * scale * scale) scale *= 2;
  const small = { width: Math.max(1, Math.floor(photo.width / scale)), height: Math.max(1, Math.floor(photo.height / scale)) };
  const taps = [areaTaps(photo.width, small.width), areaTaps(photo.height, small.height)] as const;
  const weight = resampled(isSource, photo, 1, taps);
  const seen = photo.pixels.map((value, i) => value * (isSource[Math.floor(i / 3)] as number));
  const colours = resampled(seen, photo, 3, taps).map((value, i) => value / Math.max(weight[Math.floor(i / 3)] as number, 1e-4));
  return blended(extended(colours, weight, small), small, photo, 3);
}

/** Colours where ``weight`` is 1, smoothly carried on where it is 0: push and pull over a pyramid. */
function extended(colours: Float32Array, weight: Float32Array, size: Size): Float32Array {
  return pulled(colours.map((value, i) => value * Math.min(1, weight[Math.floor(i / 3)] as number)), weight.map((value) => Math.min(1, value)), size);
}

function pulled(weighted: Float32Array, weight: Float32Array, size: Size): Float32Array {
  const own = (i: number): number => weight[Math.floor(i / 3)] as number;
  if (Math.max(size.width, size.height) <= 1) return weighted.map((value, i) => value / Math.max(own(i), 1e-6));
  const half = { width: (size.width + 1) >> 1, height: (size.height + 1) >> 1 };
  const smallWeight = averaged(weight, size, half);
  const full = smallWeight.map((value) => Math.min(1, 2 * value));
  const small = averaged(weighted, size, half, 3).map((value, i) => {
    const at = Math.floor(i / 3);
    return (value * (full[at] as number)) / Math.max(smallWeight[at] as number, 1e-6);
  });
  const behind = blended(pulled(small, full, half), half, size, 3);
  return behind.map((value, i) => value * (1 - own(i)) + (weighted[i] as number));
}

/** The pixels of a view: the nearest move ``shift`` widths to the right against the farthest; what is as near as ``still`` stays. */
export function seenFrom({ photo, near, behind }: Scene, shift: number, still: number): Uint8ClampedArray {
  const { width } = photo;
  const { seen, isKnown } = splat(near, photo, shift, still);
  fillHoles(seen, isKnown, photo);
  const out = new Uint8ClampedArray(photo.pixels.length);
  for (let i = 0; i < seen.length; i += 1) {
    const from = !isKnown[i] && behind ? behind : photo.pixels;
    const x = (i % width) - shift * ((seen[i] as number) - still) * width;
    fetch3(from, i - (i % width), { x, width }, out, i * 3);
  }
  return out;
}

/** Nearness as the new view sees it, and where it sees any: the nearest pixel wins. */
function splat(near: Float32Array, size: Size, shift: number, still: number): { seen: Float32Array; isKnown: Uint8Array } {
  const { width } = size;
  const seen = new Float32Array(near.length).fill(-1);
  for (let i = 0; i < near.length; i += 1) {
    const x = i % width;
    const to = Math.floor(x + shift * ((near[i] as number) - still) * width + 0.5);
    const place = i - x + to;
    if (to >= 0 && to < width && (near[i] as number) > (seen[place] as number)) seen[place] = near[i] as number;
  }
  const isKnown = Uint8Array.from(seen, (value) => Number(value >= 0));
  if (!isKnown.includes(0) || Math.min(width, size.height) < 3) return { seen, isKnown };
  const closed = lowest(highest(seen, size, 1), size, 1);
  for (let i = 0; i < seen.length; i += 1) {
    if (isKnown[i] || (closed[i] as number) < 0) continue;
    seen[i] = closed[i] as number; // a crack of a pixel or two, where a slope was drawn apart
    isKnown[i] = 1;
  }
  return { seen, isKnown };
}

/** Holes take the farther of the known values left and right of them. */
function fillHoles(seen: Float32Array, isKnown: Uint8Array, { width }: Size): void {
  for (let i = 0; i < seen.length; i += 1) {
    if (isKnown[i]) continue;
    const row = i - (i % width);
    let end = i;
    while (end < row + width && !isKnown[end]) end += 1;
    const left = i > row ? (seen[i - 1] as number) : 2;
    const right = end < row + width ? (seen[end] as number) : 2;
    const value = Math.min(left, right);
    seen.fill(value > 1 ? 0 : value, i, end);
    i = end - 1;
  }
}

/** A pixel between two of a row, linear; beyond the rim the rim's. */
function fetch3(from: Plane | Uint8Array | Uint8ClampedArray, row: number, { x, width }: { x: number; width: number }, out: Uint8ClampedArray, to: number): void {
  const place = Math.min(width - 1, Math.max(0, x));
  const low = Math.floor(place);
  const a = (row + low) * 3;
  const b = (row + Math.min(width - 1, low + 1)) * 3;
  for (let c = 0; c < 3; c += 1) out[to + c] = (from[a + c] as number) + ((from[b + c] as number) - (from[a + c] as number)) * (place - low);
}
