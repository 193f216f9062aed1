/** The mean, the largest and the smallest value of the square window round each pixel of a plane. */

export type Plane = Float32Array<ArrayBufferLike>;
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Beyond the rim the picture is mirrored, the rim itself once. */
export function mean(plane: Plane, { width, height }: Size, side: number): Plane {
  const reach = side >> 1;
  const out = new Float32Array(plane.length);
  const sums = new Float64Array(width);
  const padded = new Float64Array(width + 2 * reach);
  for (let y = 0; y < height; y += 1) {
    sums.fill(0);
    for (let k = y - reach; k <= y + reach; k += 1) {
      const row = mirrored(k, height) * width;
      for (let x = 0; x < width; x += 1) sums[x] = (sums[x] as number) + (plane[row + x] as number);
    }
    padded.set(sums, reach);
    for (let k = 1; k <= reach; k += 1) {
      padded[reach - k] = sums[mirrored(-k, width)] as number;
      padded[reach + width - 1 + k] = sums[mirrored(width - 1 + k, width)] as number;
    }
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let k = x; k < x + side; k += 1) sum += padded[k] as number;
      out[y * width + x] = sum / (side * side);
    }
  }
  return out;
}

const mirrored = (i: number, length: number): number => Math.min(length - 1, Math.abs(i < length ? i : 2 * (length - 1) - i));

/** Windows end at the rim. */
export function largest(plane: Plane, { width, height }: Size, side: number): Plane {
  const reach = side >> 1;
  const lines = plane.slice();
  for (let y = 0; y < height; y += 1) {
    for (let k = Math.max(0, y - reach); k <= Math.min(height - 1, y + reach); k += 1) {
      for (let x = 0, to = y * width, from = k * width; x < width; x += 1, to += 1, from += 1) {
        const value = plane[from] as number;
        if (value > (lines[to] as number)) lines[to] = value;
      }
    }
  }
  const out = lines.slice();
  for (let row = 0; row < plane.length; row += width) {
    for (let x = 0; x < width; x += 1) {
      let most = lines[row + x] as number;
      const end = row + Math.min(width - 1, x + reach);
      for (let at = row + Math.max(0, x - reach); at <= end; at += 1) most = (lines[at] as number) > most ? (lines[at] as number) : most;
      out[row + x] = most;
    }
  }
  return out;
}

/** Windows end at the rim. */
export const smallest = (plane: Plane, size: Size, side: number): Plane => largest(plane.map(negative), size, side).map(negative);

const negative = (value: number): number => -value;
