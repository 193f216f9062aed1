/** A network's map at the size of a photo as `nearfar.ops.resize.enlarge` does it, and its copies for screens. */
import type { Grid } from "../src/npy";
import { type Taps, addRows, cubicTaps } from "./shrink";

/** (width, height) of the same shape whose longer side is at most ``longest``; never larger. */
export function reducedSize(width: number, height: number, longest: number | null): [number, number] {
  const scale = longest === null ? 1 : Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, evenly(width * scale)), Math.max(1, evenly(height * scale))];
}

/** To the nearest whole number, halves to the even one, as Python rounds. */
export function evenly(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value % 1) === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}

/** Where a map is looked at: of a photo of that size, a copy with so many columns and rows. */
interface Goal {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

/** Values of the map enlarged to the photo's size, cubic, never beyond the extremes; only those that are asked for. */
export function enlarged({ width, height, values }: Grid, goal: Goal): Grid {
  const [low, high] = extremesOf(values);
  const across = cubicTaps(width, goal.width);
  const down = cubicTaps(height, goal.height);
  const columns = middles(goal.columns, goal.width);
  const isSame = width === goal.width && height === goal.height;
  const out = new Float32Array(goal.columns * goal.rows);
  const line = new Float64Array(width);
  middles(goal.rows, goal.height).forEach((row, y) => {
    if (isSame) line.set(values.subarray(row * width, (row + 1) * width));
    else addRows(values, down, row, line);
    columns.forEach((column, x) => {
      const value = isSame ? (line[column] as number) : between(line, across, column);
      out[y * goal.columns + x] = Math.min(high, Math.max(low, value));
    });
  });
  return { width: goal.columns, height: goal.rows, values: out };
}

/** One value of a row, from its four neighbours. */
function between(line: Float64Array, { from, shares }: Taps, column: number): number {
  let sum = 0;
  for (let k = column * 4; k < column * 4 + 4; k += 1) sum += (shares[k] as number) * (line[from[k] as number] as number);
  return sum;
}

export function extremesOf(values: Float32Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The places in a row of ``of`` pixels that the middles of ``count`` larger ones fall on. */
const middles = (count: number, of: number): Int32Array => Int32Array.from({ length: count }, (_, at) => Math.floor(((at * 2 + 1) * of) / (2 * count)));
