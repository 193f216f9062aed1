/** A depth map as the page holds it, and the questions asked of it. */
import type { Grid } from "./npy";

export type DepthKind = "relative_inverse" | "affine_depth" | "metric";

export interface Depth extends Grid {
  readonly kind: DepthKind;
  /** Smallest and largest value of the whole map, in its own unit; both 0 where there is none. */
  readonly low: number;
  readonly high: number;
}

/** Places of the picture by thirds, row by row from the upper left: 0…8. */
export type Ninth = number;

export const isNearLarge = (kind: DepthKind): boolean => kind === "relative_inverse";

/** Two values between which nearness is told. */
interface Ends {
  readonly low: number;
  readonly high: number;
}

/** How near a value is in its picture, 0…1, or between two ends; a flat map and pixels without depth are 0. */
export function nearness(depth: Depth, value: number, ends: Ends = depth): number {
  const span = ends.high - ends.low;
  if (!(span > 0) || Number.isNaN(value)) return 0;
  const scaled = Math.min(1, Math.max(0, (value - ends.low) / span));
  return isNearLarge(depth.kind) ? scaled : 1 - scaled;
}

/** The value that is that near, 0…1, in its picture. */
export function valueOfNearness(depth: Depth, near: number): number {
  return depth.low + (isNearLarge(depth.kind) ? near : 1 - near) * (depth.high - depth.low);
}

/** The value at a place of the picture, x and y in 0…1 from the upper left. */
export function valueAt(depth: Depth, x: number, y: number): number {
  const column = Math.min(depth.width - 1, Math.max(0, Math.floor(x * depth.width)));
  const row = Math.min(depth.height - 1, Math.max(0, Math.floor(y * depth.height)));
  return depth.values[row * depth.width + column] ?? Number.NaN;
}

/** Rows of a picture: ``height`` in all, of which those from ``top`` to below ``bottom`` are meant. */
export interface Rows {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly bottom: number;
}

/** Nearness in steps of 1/65535 for width × height pixels: the nearest value of the map for each. */
export function steps(depth: Depth, width: number, height: number, ends: Ends = depth): Uint16Array {
  return stepsOfRows(depth, { width, height, top: 0, bottom: height }, ends);
}

/** ``steps`` of some rows alone. */
export function stepsOfRows(depth: Depth, { width, height, top, bottom }: Rows, ends: Ends = depth): Uint16Array {
  const out = new Uint16Array(width * (bottom - top));
  const span = ends.high - ends.low;
  if (!(span > 0)) return out;
  const isLarge = isNearLarge(depth.kind);
  const columns = Uint32Array.from({ length: width }, (_, x) => centre(x, width, depth.width));
  for (let y = top, to = 0; y < bottom; y += 1) {
    const row = centre(y, height, depth.height) * depth.width;
    for (let x = 0; x < width; x += 1, to += 1) {
      // nearness(), written out: a million calls take longer than a screen may stand still
      const scaled = Math.min(1, Math.max(0, ((depth.values[row + (columns[x] as number)] as number) - ends.low) / span));
      out[to] = (isLarge ? scaled : 1 - scaled) * 65535 + 0.5; // NaN becomes 0
    }
  }
  return out;
}

/** The ninths of the picture that are nearest and farthest on average; null for a flat map. */
export function extremes(depth: Depth): { near: Ninth; far: Ninth } | null {
  if (!(depth.high > depth.low)) return null;
  const side = 48;
  const small = steps(depth, side, side);
  const sums = new Float64Array(9);
  small.forEach((step, i) => {
    const row = Math.floor(Math.floor(i / side) / (side / 3));
    const index = row * 3 + Math.floor((i % side) / (side / 3));
    sums[index] = (sums[index] as number) + step;
  });
  const order = [...sums.keys()].sort((a, b) => (sums[a] as number) - (sums[b] as number));
  return { near: order[8] as Ninth, far: order[0] as Ninth };
}

function centre(index: number, length: number, of: number): number {
  return Math.min(of - 1, Math.floor(((index + 0.5) * of) / length));
}
