/** Which way surfaces face, as colours: `nearfar.effects.normals` with the camera that is assumed where none is known. */
import { extremesOf } from "../enlarge";
import { isNearLarge } from "../../src/depth";
import type { Plane, Size } from "../windows";
import { type Chosen, type Given, type Pixels, refused } from "./ask";
import { refined, stepness } from "./edges";
import { averaged, blended, highest, highestRound, lowestRound } from "./raster";

const ASSUMED_FOV_DEG = 60;
const LONGEST = 512; // side of the small copy on which slopes are averaged
const STEP_WEIGHT = 1e-4;

export function normals(given: Given, chosen: Chosen): Pixels {
  const { width, height } = given.photo;
  const metric = given.depth.kind === "metric";
  const inverse = inverseDistance(given, chosen);
  const sharp = chosen.is("refine") ? refined(inverse, given.photo, given.seen) : inverse;
  const slopes = chosen.number("smooth") === 0
    ? [slope(sharp, given.photo, 1), slope(sharp, given.photo, width)]
    : smoothSlopes(inverse, given.photo, { sigma: chosen.number("smooth") / 100, noise: metric ? 0 : chosen.number("noise") });
  const focal = width / 2 / Math.tan((((chosen.number("fov") || ASSUMED_FOV_DEG) / 2) * Math.PI) / 180);
  const up = chosen.word("convention") === "directx" ? 1 : -1;
  const values = new Uint8ClampedArray(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const [u, v] = [((i % width) + 0.5 - width / 2) / focal, (Math.floor(i / width) + 0.5 - height / 2) / focal];
    const [x, y] = slopes.map((plane) => (plane[i] as number) * -focal) as [number, number];
    const z = -(sharp[i] as number) - u * x - v * y;
    const length = Math.max(Math.hypot(x, y, z), 1e-12);
    values.set([(x / length + 1) * 127.5, ((up * y) / length + 1) * 127.5, (-z / length + 1) * 127.5], i * 3);
  }
  return { width, height, channels: 3, values };
}

/** Relative depth has no scale: its ends are put at the two distances that are asked for. */
function inverseDistance({ depth }: Given, chosen: Chosen): Float32Array {
  const [near, far] = [chosen.number("near"), chosen.number("far")];
  if (near >= far) throw refused("near", `near is ${near} and far ${far}, but 0 < near < far was expected.`);
  if (depth.kind === "metric") return depth.values.map((value) => 1 / Math.max(value, 1e-3));
  const [low, high] = extremesOf(depth.values);
  const isLarge = isNearLarge(depth.kind);
  return depth.values.map((value) => {
    const close = high > low ? (value - low) / (high - low) : 0;
    return isLarge ? 1 / far + (1 / near - 1 / far) * close : 1 / (near + (far - near) * close);
  });
}

/** Differences to the neighbour on one side or the other, the smaller; ``step``: 1 across, a row's length down. */
function slope(values: Float32Array, { width, height }: Size, step: number): Float32Array {
  return values.map((value, i) => {
    const [place, count] = step === 1 ? [i % width, width] : [Math.floor(i / width), height];
    if (count < 2) return 0;
    const after = place < count - 1 ? (values[i + step] as number) - value : Number.POSITIVE_INFINITY;
    const before = place > 0 ? value - (values[i - step] as number) : after;
    return Math.abs(before) < Math.abs(after) ? before : after;
  });
}

/** Slopes averaged over surfaces on a small copy; steps are left out, weak slopes halved. */
function smoothSlopes(soft: Float32Array, size: Size, { sigma, noise }: { sigma: number; noise: number }): Float32Array[] {
  const longest = Math.max(size.width, size.height);
  const scale = Math.min(1, LONGEST / longest);
  const small = { width: Math.max(1, Math.round(size.width * scale)), height: Math.max(1, Math.round(size.height * scale)) };
  const most = Math.max(small.width, small.height);
  const copy = averaged(soft, size, small);
  const [low, high] = extremesOf(copy);
  const span = Math.max(high - low, 1e-12);
  const weight = onOneSurface(copy.map((value) => value / span), small);
  const kernel = gaussian(Math.max(0.5, sigma * most));
  const total = blurred(weight, small, kernel);
  const slopes = [1, small.width].map((step) => {
    const weighted = gradient(copy, small, step).map((value, i) => value * (weight[i] as number));
    return blurred(weighted, small, kernel).map((value, i) => (value / (total[i] as number)) * most);
  }) as [Float32Array, Float32Array];
  const square = slopes[0].map((x, i) => (x * x + (slopes[1][i] as number) ** 2) / span ** 2);
  return slopes.map((plane) => {
    const damped = noise > 0 ? plane.map((value, i) => (value * (square[i] as number)) / ((square[i] as number) + noise * noise)) : plane;
    return blended(damped, small, size).map((value) => value / longest);
  });
}

/** About 1 on a surface, about 0 on a step between two. */
function onOneSurface(near: Float32Array, size: Size): Float32Array {
  const [low, high] = [lowestRound(near, size, 2), highestRound(near, size, 2)];
  const step = highest(stepness(near, high.map((value, i) => value - (low[i] as number)), size), size, 1);
  return step.map((value) => (1 - value) ** 2 + STEP_WEIGHT);
}

/** Half the difference of the neighbours on both sides; at the rim that of the one there is. */
function gradient(values: Float32Array, { width, height }: Size, step: number): Float32Array {
  return values.map((_, i) => {
    const [place, count] = step === 1 ? [i % width, width] : [Math.floor(i / width), height];
    const [before, after] = [place > 0 ? 1 : 0, place < count - 1 ? 1 : 0];
    return before + after === 0 ? 0 : ((values[i + after * step] as number) - (values[i - before * step] as number)) / (before + after);
  });
}

function gaussian(sigma: number): Float64Array {
  const reach = (Math.round(sigma * 8 + 1) | 1) >> 1;
  const shares = Float64Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-((k - reach) ** 2) / (2 * sigma * sigma)));
  const sum = shares.reduce((total, value) => total + value, 0);
  return shares.map((value) => value / sum);
}

/** Beyond the rim the picture is mirrored, the rim itself twice. */
function blurred(plane: Plane, { width, height }: Size, kernel: Float64Array): Float32Array {
  const reach = kernel.length >> 1;
  const along = (values: Plane, count: number, step: number, start: (i: number) => [number, number]): Float32Array => {
    const places = Int32Array.from({ length: count + 2 * reach }, (_, k) => mirrored(k - reach, count) * step);
    return Float32Array.from(values, (_, i) => {
      const [first, place] = start(i);
      let sum = 0;
      for (let k = 0; k < kernel.length; k += 1) sum += (kernel[k] as number) * (values[first + (places[place + k] as number)] as number);
      return sum;
    });
  };
  const across = along(plane, width, 1, (i) => [i - (i % width), i % width]);
  return along(across, height, width, (i) => [i % width, Math.floor(i / width)]);
}

function mirrored(place: number, count: number): number {
  const turn = ((place % (2 * count)) + 2 * count) % (2 * count);
  return turn < count ? turn : 2 * count - 1 - turn;
}
