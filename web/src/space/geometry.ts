/** Pixels as points in space: what the 3D view draws, by the same rule as the files GLB and PLY. */
import { type Calibration, metresOf } from "../calibration";
import { type Depth, nearness, valueAt } from "../depth";

/** How pixels become points. */
export interface Rule {
  /** Horizontal field of view in degrees. */
  readonly fov: number;
  /** Distance of the farthest pixel of relative depth; the nearest is at 1. */
  readonly far: number;
  /** What makes metres, where something does. */
  readonly calibration: Calibration | null;
}

export interface Grid3 {
  readonly columns: number;
  readonly rows: number;
  /** x, y, z of each place, the camera at 0 looking along −z; NaN where there is none. */
  readonly positions: Float32Array;
  /** x, y, z of each place where it lies at a distance of 1. */
  readonly rays: Float32Array;
  /** Where in the photo each place is, from the left and from the top. */
  readonly places: Float32Array;
}

const SLOPE = 1.4; // growth of the difference in a window twice as large: 1 at a step, 2 on a slope, 1.5 at the rim
export const EDGE = 0.09; // relative jump of distance at which the surface is cut

/** Distance of a value along the optical axis; NaN where there is none. */
export function distanceOf(depth: Depth, value: number, { far, calibration }: Rule): number {
  if (Number.isNaN(value)) return Number.NaN;
  if (depth.kind === "metric") return value;
  if (calibration) return metresOf(calibration, value)?.metres ?? Number.NaN;
  const near = nearness(depth, value);
  return depth.kind === "affine_depth" ? far - (far - 1) * near : 1 / (1 / far + (1 - 1 / far) * near);
}

/** The depth map as a grid of points of at most ``longest`` places a side. */
export function gridOf(depth: Depth, rule: Rule, longest: number): Grid3 {
  const share = Math.min(1, longest / Math.max(depth.width, depth.height));
  const columns = Math.max(2, Math.round(depth.width * share));
  const rows = Math.max(2, Math.round(depth.height * share));
  const [away, rays, places] = [new Float32Array(columns * rows), new Float32Array(columns * rows * 3), new Float32Array(columns * rows * 2)];
  const half = Math.tan((rule.fov * Math.PI) / 360);
  const halfHeight = (half * depth.height) / depth.width;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [x, y, at] = [(column + 0.5) / columns, (row + 0.5) / rows, row * columns + column];
      away[at] = distanceOf(depth, valueAt(depth, x, y), rule);
      rays.set([(2 * x - 1) * half, (1 - 2 * y) * halfHeight, -1], at * 3);
      places.set([x, y], at * 2);
    }
  }
  return { columns, rows, positions: onRays(rays, away), rays, places };
}

/**
 * Where the surface jumps: inverse distance differs much between neighbours, and hardly more in a window twice as
 * large. On a slope, however steep it is seen, it differs twice as much there.
 */
export function stepsOf(grid: Grid3): Uint8Array {
  const inverse = distances(grid).map((away) => 1 / away);
  const [low, high] = [extreme(inverse, grid, 1, false), extreme(inverse, grid, 1, true)];
  const [wideLow, wideHigh] = [extreme(inverse, grid, 2, false), extreme(inverse, grid, 2, true)];
  return Uint8Array.from(inverse, (_, at) => {
    const span = (high[at] as number) - (low[at] as number);
    const wide = (wideHigh[at] as number) - (wideLow[at] as number);
    return Number(span > EDGE * (high[at] as number) && wide < SLOPE * span);
  });
}

/** The grid with steps for ramps: what stands half-way between two surfaces goes to the one that is closer. */
export function solid(grid: Grid3): Grid3 {
  let now = grid;
  for (let round = 0; round < 2; round += 1) {
    const [away, steps] = [distances(now), stepsOf(now)];
    const [low, high] = [extreme(away, grid, 1, false), extreme(away, grid, 1, true)];
    const stepped = away.map((value, at) => {
      if (!steps[at]) return value;
      const [least, most] = [low[at] as number, high[at] as number];
      return 1 / value - 1 / most < 1 / least - 1 / value ? most : least;
    });
    now = moved(now, stepped);
  }
  return now;
}

/** How far each place is along the optical axis. */
export const distances = ({ positions }: Grid3): Float32Array => Float32Array.from({ length: positions.length / 3 }, (_, at) => -(positions[at * 3 + 2] as number));

/** The grid with each place at another distance. */
export const moved = (grid: Grid3, away: Float32Array): Grid3 => ({ ...grid, positions: onRays(grid.rays, away) });

const onRays = (rays: Float32Array, away: Float32Array): Float32Array => rays.map((value, i) => value * (away[Math.floor(i / 3)] as number));

/** The largest or smallest value about each place; places without one are left out. */
export function extreme(values: Float32Array, { columns, rows }: Grid3, reach: number, isHigh: boolean): Float32Array {
  const better = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : isHigh ? Math.max(a, b) : Math.min(a, b));
  const along = (from: Float32Array, step: number, count: number, placeOf: (at: number) => number): Float32Array =>
    from.map((own, at) => {
      let best = own;
      const place = placeOf(at);
      for (let k = Math.max(-reach, -place); k <= Math.min(reach, count - 1 - place); k += 1) best = better(best, from[at + k * step] as number);
      return best;
    });
  return along(along(values, 1, columns, (at) => at % columns), columns, rows, (at) => Math.floor(at / columns));
}

/** Of which corners triangles are made, and between which they may be cut; of all where nothing is said. */
export interface Corners {
  readonly wanted?: Uint8Array;
  readonly steps?: Uint8Array;
}

/** The triangles of a grid, cut where the surface jumps and behind ``farthest``. */
export function trianglesOf({ columns, rows, positions }: Grid3, farthest: number, { wanted, steps }: Corners = {}): Uint32Array {
  const out = new Uint32Array((columns - 1) * (rows - 1) * 6);
  let count = 0;
  const away = (at: number): number => -(positions[at * 3 + 2] as number);
  const has = (marks: Uint8Array | undefined, a: number, b: number, c: number): boolean => !marks || !!(marks[a] || marks[b] || marks[c]);
  const add = (a: number, b: number, c: number): void => {
    const [p, q, r] = [away(a), away(b), away(c)];
    const most = Math.max(p, q, r);
    if (!(most <= farthest) || !has(wanted, a, b, c)) return;
    if (most - Math.min(p, q, r) > EDGE * most && has(steps, a, b, c)) return;
    out.set([a, b, c], count);
    count += 3;
  };
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const at = row * columns + column;
      add(at, at + columns, at + 1);
      add(at + 1, at + columns, at + columns + 1);
    }
  }
  return out.slice(0, count);
}

/** The distance behind which a share of the points lies. */
export function distanceBehind({ positions }: Grid3, share: number): number {
  const all = Float32Array.from({ length: positions.length / 3 }, (_, i) => -(positions[i * 3 + 2] as number));
  const known = all.filter((away) => !Number.isNaN(away)).sort();
  return known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? 1;
}
