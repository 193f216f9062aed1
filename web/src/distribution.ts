/** How the depth of a picture is spread: its histogram, and how much of it lies behind a value. */
import { type Depth, nearness, steps } from "./depth";

const SIDE = 160; // a sample of the map says enough
export const BINS = 96;

export interface Distribution {
  /** Nearness of a sample of the picture, from far to near. */
  readonly sorted: Uint16Array;
  /** Shares of the picture in equal parts of nearness, the largest 1. */
  readonly bins: Float32Array;
}

const known = new WeakMap<Depth, Distribution>();

export function distributionOf(depth: Depth): Distribution {
  const found = known.get(depth) ?? made(depth);
  known.set(depth, found);
  return found;
}

/** The share of the picture that is farther than a value, 0…1. */
export function shareBehind(depth: Depth, value: number): number {
  const { sorted } = distributionOf(depth);
  const step = nearness(depth, value) * 65535;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

/** The nearness, 0…1, behind which a share of the picture lies. */
export function nearnessBehind(depth: Depth, share: number): number {
  const { sorted } = distributionOf(depth);
  return (sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] ?? 0) / 65535;
}

function made(depth: Depth): Distribution {
  const sorted = steps(depth, Math.min(SIDE, depth.width), Math.min(SIDE, depth.height)).sort();
  const bins = new Float32Array(BINS);
  for (const step of sorted) bins[Math.min(BINS - 1, Math.floor((step / 65536) * BINS))]! += 1;
  const most = Math.max(...bins);
  return { sorted, bins: bins.map((count) => count / most) };
}
