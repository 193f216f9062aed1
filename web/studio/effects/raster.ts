/** Planes and pictures resized and looked at through windows, as OpenCV does it for the library's effects. */
import { type Taps, addRows, areaTaps } from "../shrink";
import type { Plane, Size } from "../windows";

/** Any number of channels, one pixel after the other. */
export type Values = Float32Array | Uint8Array | Uint8ClampedArray;

/** Averages of what each pixel of the goal covers; a side that does not shrink stays as it is. */
export const averaged = (values: Values, from: Size, to: Size, channels = 1): Float32Array =>
  resampled(values, from, channels, [areaTaps(from.width, to.width), areaTaps(from.height, to.height)]);

/** Between the middles of neighbours; beyond the rim stands the rim's own pixel. */
export const blended = (values: Values, from: Size, to: Size, channels = 1): Float32Array =>
  resampled(values, from, channels, [linearTaps(from.width, to.width), linearTaps(from.height, to.height)]);

export function resampled(values: Values, from: Size, channels: number, [across, down]: readonly [Taps, Taps]): Float32Array {
  const wide = across.from.length / across.count;
  const high = down.from.length / down.count;
  const lines = new Float32Array(wide * channels * from.height);
  for (let y = 0, to = 0; y < from.height; y += 1) {
    const start = y * from.width * channels;
    for (let x = 0; x < wide; x += 1) {
      for (let c = 0; c < channels; c += 1, to += 1) {
        let sum = 0;
        for (let k = x * across.count, end = k + across.count; k < end; k += 1) {
          sum += (across.shares[k] as number) * (values[start + (across.from[k] as number) * channels + c] as number);
        }
        lines[to] = sum;
      }
    }
  }
  const out = new Float32Array(wide * channels * high);
  const sum = new Float64Array(wide * channels);
  for (let y = 0; y < high; y += 1) {
    addRows(lines, down, y, sum);
    out.set(sum, y * sum.length);
  }
  return out;
}

export function linearTaps(of: number, count: number): Taps {
  const taps = { from: new Int32Array(count * 2), shares: new Float64Array(count * 2), count: 2 };
  for (let at = 0; at < count; at += 1) {
    const place = Math.min(of - 1, Math.max(0, ((at + 0.5) * of) / count - 0.5));
    const low = Math.floor(place);
    taps.from.set([low, Math.min(of - 1, low + 1)], at * 2);
    taps.shares.set([1 - (place - low), place - low], at * 2);
  }
  return taps;
}

/** Floats as bytes, to the nearest. */
export const bytesOf = (values: Float32Array): Uint8ClampedArray => new Uint8ClampedArray(values);

/** The largest value from ``before`` pixels left and above to ``after`` right and below; windows end at the rim. */
export function highest(plane: Plane, { width, height }: Size, before: number, after = before): Float32Array {
  const lines = new Float32Array(plane.length);
  for (let row = 0; row < plane.length; row += width) {
    for (let x = 0; x < width; x += 1) {
      let most = plane[row + x] as number;
      const end = row + Math.min(width - 1, x + after);
      for (let at = row + Math.max(0, x - before); at <= end; at += 1) most = (plane[at] as number) > most ? (plane[at] as number) : most;
      lines[row + x] = most;
    }
  }
  const out = lines.slice();
  for (let y = 0; y < height; y += 1) {
    for (let k = Math.max(0, y - before); k <= Math.min(height - 1, y + after); k += 1) {
      raise(out, y * width, lines, { from: k * width, count: width });
    }
  }
  return out;
}

/** As ``highest``, for the smallest. */
export const lowest = (plane: Plane, size: Size, before: number, after = before): Float32Array =>
  negated(highest(negated(plane), size, before, after));

/** The largest value within an ellipse of OpenCV's as wide as 2 × ``reach`` + 1 pixels. */
export function highestRound(plane: Plane, { width, height }: Size, reach: number): Float32Array {
  const out = Float32Array.from(plane);
  for (let dy = -reach; dy <= reach; dy += 1) {
    const side = Math.round(reach * Math.sqrt(1 - (dy * dy) / (reach * reach)));
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y += 1) {
      for (let dx = -side; dx <= side; dx += 1) {
        const [to, from] = [y * width + Math.max(0, -dx), (y + dy) * width + Math.max(0, dx)];
        raise(out, to, plane, { from, count: width - Math.abs(dx) });
      }
    }
  }
  return out;
}

export const lowestRound = (plane: Plane, size: Size, reach: number): Float32Array => negated(highestRound(negated(plane), size, reach));

function raise(out: Float32Array, to: number, by: Plane, { from, count }: { from: number; count: number }): void {
  for (let i = 0; i < count; i += 1) {
    const value = by[from + i] as number;
    if (value > (out[to + i] as number)) out[to + i] = value;
  }
}

const negated = (plane: Plane): Float32Array => Float32Array.from(plane, (value) => -value);

/** The middle value of five by five pixels; beyond the rim stands the rim's own pixel. */
export function median5(plane: Plane, size: Size): Float32Array {
  const { width, height } = size;
  const [low, high] = [lowest(plane, size, 2), highest(plane, size, 2)];
  const out = Float32Array.from(plane);
  const window = new Float32Array(25);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      if ((high[at] as number) - (low[at] as number) < EVEN) continue;
      for (let dy = -2, k = 0; dy <= 2; dy += 1) {
        const row = Math.min(height - 1, Math.max(0, y + dy)) * width;
        for (let dx = -2; dx <= 2; dx += 1, k += 1) window[k] = plane[row + Math.min(width - 1, Math.max(0, x + dx))] as number;
      }
      out[at] = window.sort()[12] as number;
    }
  }
  return out;
}

const EVEN = 1e-4; // of the whole range: less within a window moves no pixel that anybody sees
