/**
 * Depth brought to the edges of the photo, and its ramps made steps: `nearfar.ops.refine` and `nearfar.ops.steps`
 * in TypeScript, where the sources stand and every constant is explained.
 */
import { extremesOf } from "../enlarge";
import type { Picture } from "../shrink";
import { type Plane, type Size, mean } from "../windows";
import { averaged, blended, bytesOf, highest, highestRound, lowest, lowestRound, median5 } from "./raster";

const RADIUS = 2;
const SOFTNESS = 5e-4;
const STEEPNESS = 3;
const [SLOPE, SLOPE_RAMP] = [1.8, 0.5];
const TINY = 1e-4;
/** Difference of nearness between neighbours that is an edge, not a slope. */
export const EDGE = 0.04;
const RIMS_IN_A_SIDE = 900;
const TERMS = 6; // of a pixel: weights of three colours, constant, far, near

/** A network's input, which the map was enlarged from. */
export type Seen = readonly [width: number, height: number];

/** Values whose steps lie on the edges of the photo of the same size, within their own range. */
export function refined(values: Float32Array, photo: Picture, seen: Seen): Float32Array {
  const { width, height } = photo;
  const [low, high] = extremesOf(values);
  if (Math.min(width, height) < 4 || !(high > low)) return values.slice();
  const small = { width: Math.max(2, Math.min(seen[0], width)), height: Math.max(2, Math.min(seen[1], height)) };
  const depth = averaged(values, photo, small).map((value) => (value - low) / (high - low));
  const colour = Float32Array.from(bytesOf(averaged(photo.pixels, photo, small, 3)), (value) => value / 255);
  return evaluated(steepTerms(colour, depth, small), small, photo, { low, span: high - low });
}

/** The model at the photo's size, a row at a time. */
function evaluated(terms: Float32Array, small: Size, { width, height, pixels }: Picture, { low, span }: { low: number; span: number }): Float32Array {
  const out = new Float32Array(width * height);
  const across = blended(terms, small, { width, height: small.height }, TERMS);
  const row = width * TERMS;
  for (let y = 0, at = 0; y < height; y += 1) {
    const place = Math.min(small.height - 1, Math.max(0, ((y + 0.5) * small.height) / height - 0.5));
    const above = Math.floor(place) * row;
    const below = Math.min(small.height - 1, Math.floor(place) + 1) * row;
    const share = place - Math.floor(place);
    const term = (k: number): number => (across[above + k] as number) + ((across[below + k] as number) - (across[above + k] as number)) * share;
    for (let k = 0; k < row; k += TERMS, at += 1) {
      let value = term(k + 3);
      for (let c = 0; c < 3; c += 1) value += (term(k + c) * (pixels[at * 3 + c] as number)) / 255;
      value = Math.min(Math.max(value, term(k + 4)), term(k + 5));
      out[at] = low + span * Math.min(1, Math.max(0, value));
    }
  }
  return out;
}

function steepTerms(colour: Float32Array, depth: Float32Array, size: Size): Float32Array {
  const model = linearModel(colour, depth, size);
  const [farthest, nearest] = [lowestRound(depth, size, RADIUS), highestRound(depth, size, RADIUS)];
  const step = stepness(depth, nearest.map((value, i) => value - at(farthest, i)), size);
  const [far, near] = [mean(farthest, size, 3), mean(nearest, size, 3)];
  const terms = new Float32Array(depth.length * TERMS);
  for (let i = 0; i < depth.length; i += 1) {
    const gain = 1 + STEEPNESS * at(step, i);
    const perSpan = 1 / Math.max(at(nearest, i) - at(farthest, i), TINY);
    const steep = gain * perSpan * (at(model, i * 4 + 3) - at(farthest, i)) + (1 - gain) / 2;
    const span = at(near, i) - at(far, i);
    for (let c = 0; c < 3; c += 1) terms[i * TERMS + c] = at(model, i * 4 + c) * at(step, i) * gain * perSpan * span;
    terms[i * TERMS + 3] = at(depth, i) + (at(far, i) + span * steep - at(depth, i)) * at(step, i);
    terms[i * TERMS + 4] = at(far, i);
    terms[i * TERMS + 5] = at(near, i);
  }
  return terms;
}

/** 0 where a window holds a slope, 1 where it holds two planes. ``span``: largest less smallest value of a window. */
export function stepness(depth: Plane, span: Plane, size: Size): Float32Array {
  const [wideFar, wideNear] = [lowestRound(depth, size, 2 * RADIUS), highestRound(depth, size, 2 * RADIUS)];
  return Float32Array.from(span, (own, i) => {
    const growth = (at(wideNear, i) - at(wideFar, i)) / Math.max(own, TINY);
    return share(own / 0.03 - 1) * share((SLOPE - growth) / SLOPE_RAMP);
  });
}

/** Weights of red, green, blue and a constant for each pixel, means over windows. */
function linearModel(colour: Float32Array, depth: Float32Array, size: Size): Float32Array {
  const side = 2 * RADIUS + 1;
  const planes = [0, 1, 2].map((c) => depth.map((_, i) => at(colour, i * 3 + c))) as [Float32Array, Float32Array, Float32Array];
  const product = (a: Plane, b: Plane): Plane => mean(Float32Array.from(a, (value, i) => value * at(b, i)), size, side);
  const means = planes.map((plane) => mean(plane, size, side));
  const meanDepth = mean(depth, size, side);
  const together = planes.map((plane) => product(plane, depth));
  const squares = [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]].map(([a, b]) => product(planes[a as 0] as Plane, planes[b as 0] as Plane));
  const rows = [0, 1, 2, 3].map(() => new Float32Array(depth.length));
  for (let i = 0; i < depth.length; i += 1) {
    const m = means.map((plane) => at(plane, i)) as [number, number, number];
    const [rr, rg, rb, gg, gb, bb] = squares.map((plane) => at(plane, i)) as [number, number, number, number, number, number];
    const found = solved(
      [rr - m[0] * m[0] + SOFTNESS, rg - m[0] * m[1], rb - m[0] * m[2], gg - m[1] * m[1] + SOFTNESS, gb - m[1] * m[2], bb - m[2] * m[2] + SOFTNESS],
      together.map((plane, c) => at(plane, i) - (m[c] as number) * at(meanDepth, i)) as [number, number, number],
    );
    found.forEach((weight, c) => ((rows[c] as Float32Array)[i] = weight));
    (rows[3] as Float32Array)[i] = at(meanDepth, i) - found[0] * m[0] - found[1] * m[1] - found[2] * m[2];
  }
  const smooth = rows.map((row) => mean(row, size, side));
  return Float32Array.from({ length: depth.length * 4 }, (_, k) => at(smooth[k % 4] as Plane, k >> 2));
}

type Three = [number, number, number];

/** The solution of a symmetric system of three, by the adjugate. */
function solved([rr, rg, rb, gg, gb, bb]: [number, number, number, number, number, number], [x, y, z]: Three): Three {
  const [c00, c01, c02] = [gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg];
  const [c11, c12, c22] = [rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg];
  const determinant = rr * c00 + rg * c01 + rb * c02;
  return [(c00 * x + c01 * y + c02 * z) / determinant, (c01 * x + c11 * y + c12 * z) / determinant, (c02 * x + c12 * y + c22 * z) / determinant];
}

/** Nearness in 0…1 whose ramps over an edge are steps, without the grains of a refinement. */
export function crisp(near: Float32Array, size: Size): Float32Array {
  const least = Math.min(size.width, size.height);
  if (least < 3) return near;
  let out = least < 5 ? near : median5(near, size);
  for (let round = 0; round < 2; round += 1) {
    const [low, high] = [lowest(out, size, 1), highest(out, size, 1)];
    out = out.map((value, i) => {
      if (at(high, i) - at(low, i) <= EDGE) return value;
      return value - at(low, i) < at(high, i) - value ? at(low, i) : at(high, i);
    });
  }
  return out;
}

/** Nearness in which objects are a little larger: their mixed rim goes with them. */
export function covering(near: Float32Array, size: Size): Float32Array {
  const grown = highestRound(near, size, Math.max(1, Math.round(Math.max(size.width, size.height) / RIMS_IN_A_SIDE)));
  return near.map((value, i) => (at(grown, i) - value > EDGE ? at(grown, i) : value));
}

const at = (plane: Plane, index: number): number => plane[index] as number;
const share = (value: number): number => Math.min(1, Math.max(0, value));
