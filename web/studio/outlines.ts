/**
 * Soft steps of a network's map made steep, where the picture it saw has its edges: `nearfar.ops.outlines` in
 * TypeScript, where every constant is explained. Planes are float32, row by row.
 */
import type { Grid } from "../src/npy";
import { extremesOf } from "./enlarge";
import { type Plane, type Size, largest, mean, smallest } from "./windows";

const SIDE = 5;
const TEXTURE = 5e-4;
const STEEPNESS = 4;
const [SLOPE, SLOPE_RAMP] = [2, 0.5];
const LEAST_SPAN = 0.03;
const TINY = 1e-4;
const RIM = [1, 6 / 5, 4 / 3, 8 / 7];

/** The map with steep outlines, within its own range; ``grey`` is the picture's brightness, 0…1. */
export function sharpen(map: Grid, grey: Plane, passes: number): Grid {
  const [low, high] = extremesOf(map.values);
  const span = high - low;
  if (passes < 1 || !Number.isFinite(span) || span <= 0) return map;
  let depth: Plane = map.values.map((value) => (value - low) / span);
  for (let pass = 0; pass < passes; pass += 1) depth = onePass(depth, grey, map);
  return { ...map, values: depth.map((value) => value * span + low) };
}

function onePass(depth: Plane, grey: Plane, size: Size): Plane {
  const near = largest(depth, size, SIDE);
  const far = smallest(depth, size, SIDE);
  const span = near.map((value, i) => Math.max(value - at(far, i), TINY));
  const [wideNear, wideFar] = [largest(near, size, SIDE), smallest(far, size, SIDE)];
  const growth = wideNear.map((value, i) => (value - at(wideFar, i)) / at(span, i));
  liftRim(growth, size);
  const [softFar, softSpan] = [mean(far, size, 3), mean(span, size, 3)];
  const told = byBrightness(depth, grey, size);
  return depth.map((value, i) => {
    const step = between0and1((SLOPE - at(growth, i)) / SLOPE_RAMP) * between0and1(at(span, i) / LEAST_SPAN - 1);
    const own = Math.max(at(softSpan, i), TINY);
    const share = between0and1(((at(told, i) - at(softFar, i)) / own - 0.5) * (1 + STEEPNESS * step) + 0.5);
    return value + step * (share * own + at(softFar, i) - value);
  });
}

/** Growth as if windows did not end at the border. */
function liftRim(growth: Plane, { width, height }: Size): void {
  RIM.forEach((factor, place) => {
    for (const [row, column] of [[place, place], [height - 1 - place, width - 1 - place]] as const) {
      for (let x = 0; x < width; x += 1) growth[row * width + x] = at(growth, row * width + x) * factor;
      for (let y = 0; y < height; y += 1) growth[y * width + column] = at(growth, y * width + column) * factor;
    }
  });
}

/** Depth as a linear function of brightness, fitted in each window; the mean of windows round a pixel. */
function byBrightness(depth: Plane, grey: Plane, size: Size): Plane {
  const [meanGrey, meanDepth] = [mean(grey, size, SIDE), mean(depth, size, SIDE)];
  const squares = mean(grey.map((value) => value * value), size, SIDE);
  const products = mean(grey.map((value, i) => value * at(depth, i)), size, SIDE);
  const weight = products.map((value, i) => {
    const [g, d] = [at(meanGrey, i), at(meanDepth, i)];
    return (value - g * d) / (at(squares, i) - g * g + TEXTURE);
  });
  const constant = meanDepth.map((value, i) => value - at(weight, i) * at(meanGrey, i));
  const [softWeight, softConstant] = [mean(weight, size, SIDE), mean(constant, size, SIDE)];
  return grey.map((value, i) => at(softWeight, i) * value + at(softConstant, i));
}

const at = (plane: Plane, index: number): number => plane[index] as number;
const between0and1 = (value: number): number => Math.min(1, Math.max(0, value));
