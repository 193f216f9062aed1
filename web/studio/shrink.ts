/**
 * A picture made smaller as `nearfar.ops.resize.shrink` does it: halved, averaged to twice the goal, then cubic.
 * Pictures are rows of three bytes a pixel; each step rounds to bytes, as OpenCV does.
 */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each pixel, row by row. */
  readonly pixels: Uint8Array | Uint8ClampedArray;
}

/** How much of which pixels, one after the other, makes a pixel of the goal. */
export interface Taps {
  readonly from: Int32Array;
  readonly shares: Float64Array;
  readonly count: number;
}

const CHANNELS = 3;
const AMPLE = 4; // nearfar.cards.AMPLE
const CUBIC = -0.75; // the free parameter of OpenCV's cubic

/** The colours of RGBA pixels that cover everything. */
export function opaque(width: number, height: number, rgba: Uint8ClampedArray): Picture {
  const pixels = new Uint8Array(width * height * CHANNELS);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += CHANNELS) {
    pixels[to] = rgba[from] as number;
    pixels[to + 1] = rgba[from + 1] as number;
    pixels[to + 2] = rgba[from + 2] as number;
  }
  return { width, height, pixels };
}

/** The picture at a size; never aliased where it shrinks. */
export function shrink(picture: Picture, width: number, height: number): Picture {
  let now = picture;
  while (now.width >= 2 * AMPLE * width && now.height >= 2 * AMPLE * height) now = halved(now);
  const middle = { width: Math.min(now.width, 2 * width), height: Math.min(now.height, 2 * height) };
  if (middle.width !== now.width || middle.height !== now.height) now = averaged(now, middle.width, middle.height);
  if (now.width === width && now.height === height) return now;
  return resampled(now, cubicTaps(now.width, width), cubicTaps(now.height, height));
}

/** Means of two by two pixels; an odd last row or column is left out. */
function halved({ width, pixels, height }: Picture): Picture {
  const [wide, high] = [width >> 1, height >> 1];
  const out = new Uint8Array(wide * high * CHANNELS);
  const row = width * CHANNELS;
  for (let y = 0, to = 0; y < high; y += 1) {
    for (let x = 0, from = 2 * y * row; x < wide; x += 1, from += 2 * CHANNELS) {
      for (let c = from; c < from + CHANNELS; c += 1, to += 1) {
        const sum = (pixels[c] as number) + (pixels[c + CHANNELS] as number) + (pixels[c + row] as number);
        out[to] = (sum + (pixels[c + row + CHANNELS] as number) + 2) >> 2;
      }
    }
  }
  return { width: wide, height: high, pixels: out };
}

const averaged = (now: Picture, width: number, height: number): Picture =>
  resampled(now, areaTaps(now.width, width), areaTaps(now.height, height));

/** Pixels by how much of them lies within each pixel of the goal. */
export function areaTaps(of: number, count: number): Taps {
  const scale = of / count;
  const most = Math.ceil(scale) + 2;
  const taps = { from: new Int32Array(count * most), shares: new Float64Array(count * most), count: most };
  for (let at = 0; at < count; at += 1) {
    const [start, end] = [at * scale, Math.min(of, (at + 1) * scale)];
    for (let k = 0, pixel = Math.floor(start); k < most; k += 1, pixel += 1) {
      const share = Math.min(end, pixel + 1) - Math.max(start, pixel);
      taps.from[at * most + k] = Math.min(of - 1, pixel);
      taps.shares[at * most + k] = share > 1e-3 ? share / (end - start) : 0;
    }
  }
  return taps;
}

/** Four neighbours of each place; beyond the rim stands the rim's own pixel. */
export function cubicTaps(of: number, count: number): Taps {
  const taps = { from: new Int32Array(count * 4), shares: new Float64Array(count * 4), count: 4 };
  for (let at = 0; at < count; at += 1) {
    const place = ((at + 0.5) * of) / count - 0.5;
    const first = Math.floor(place);
    const shares = cubicShares(place - first);
    for (let k = 0; k < 4; k += 1) {
      taps.from[at * 4 + k] = Math.min(of - 1, Math.max(0, first - 1 + k));
      taps.shares[at * 4 + k] = shares[k] as number;
    }
  }
  return taps;
}

function cubicShares(x: number): number[] {
  const outer = (far: number): number => ((CUBIC * far - 5 * CUBIC) * far + 8 * CUBIC) * far - 4 * CUBIC;
  const inner = (near: number): number => ((CUBIC + 2) * near - (CUBIC + 3)) * near * near + 1;
  const [a, b, c] = [outer(x + 1), inner(x), inner(1 - x)];
  return [a, b, c, 1 - a - b - c];
}

/** Across first, then down; bytes at the end. */
function resampled({ width, height, pixels }: Picture, across: Taps, down: Taps): Picture {
  const [wide, high] = [across.from.length / across.count, down.from.length / down.count];
  const lines = new Float32Array(wide * height * CHANNELS);
  for (let y = 0; y < height; y += 1) {
    const row = pixels.subarray(y * width * CHANNELS, (y + 1) * width * CHANNELS);
    addPixels(row, across, lines.subarray(y * wide * CHANNELS, (y + 1) * wide * CHANNELS));
  }
  const out = new Uint8ClampedArray(wide * high * CHANNELS); // rounds to the nearest, and cuts
  const sum = new Float64Array(wide * CHANNELS);
  for (let y = 0; y < high; y += 1) {
    addRows(lines, down, y, sum);
    out.set(sum, y * sum.length);
  }
  return { width: wide, height: high, pixels: out };
}

/** One row, made narrower. */
function addPixels(row: Picture["pixels"], { from, shares, count }: Taps, out: Float32Array): void {
  for (let to = 0, k = 0; to < out.length; to += CHANNELS) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = k + count; k < end; k += 1) {
      const share = shares[k] as number;
      const at = (from[k] as number) * CHANNELS;
      red += share * (row[at] as number);
      green += share * (row[at + 1] as number);
      blue += share * (row[at + 2] as number);
    }
    out[to] = red;
    out[to + 1] = green;
    out[to + 2] = blue;
  }
}

/** One row of the goal: a weighted sum of rows. */
export function addRows(lines: Float32Array, taps: Taps, y: number, sum: Float64Array): void {
  sum.fill(0);
  for (let k = y * taps.count; k < (y + 1) * taps.count; k += 1) {
    const share = taps.shares[k] as number;
    if (share === 0) continue;
    const from = (taps.from[k] as number) * sum.length;
    for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + share * (lines[from + i] as number);
  }
}
