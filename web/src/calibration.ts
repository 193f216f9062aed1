/** Metres from known distances: as nearfar.calibration fits them, with what they leave uncertain. */
import { type Depth, type DepthKind, isNearLarge, valueAt } from "./depth";
import type { Place } from "./view";

/** A place and its distance along the optical axis in metres. */
export interface KnownPoint {
  readonly place: Place;
  readonly metres: number;
}

/**
 * How values become metres: 1/distance = scale · value + shift for relative nearness, distance = scale · value + shift
 * else. ``spread`` is the covariance of scale and shift: [scale², scale·shift, shift²].
 */
export interface Calibration {
  readonly kind: DepthKind;
  readonly scale: number;
  readonly shift: number;
  readonly spread: readonly [number, number, number];
  readonly points: readonly KnownPoint[];
  /** Fitted minus known distance of each point. */
  readonly errors: readonly number[];
  readonly model: string;
  readonly weightsSha256: string;
}

/** Why points make no metres. */
export type Refusal = "fewPoints" | "noDepthThere" | "sameDepth" | "contradict" | "misfit";

export interface Metres {
  readonly metres: number;
  /** One standard deviation of it. */
  readonly sigma: number;
}

const WORST = 0.25; // relative error of a point from which the points contradict each other
const SPREAD = 1e-3; // of the map's range: nearer values cannot fix a slope
const NETWORK = 0.06; // relative error of a network's depth that is counted on at least
const HOPELESS = 0.6; // relative: what is this uncertain is not told

/** What the points say of a map, or why they say nothing. */
export function calibrate(depth: Depth, points: readonly KnownPoint[], made: { model: string; weightsSha256: string }): Calibration | Refusal {
  if (points.length < 2) return "fewPoints";
  const values = points.map(({ place }) => around(depth, place));
  if (values.some(Number.isNaN)) return "noDepthThere";
  if (Math.max(...values) - Math.min(...values) <= SPREAD * (depth.high - depth.low)) return "sameDepth";
  const isInverse = isNearLarge(depth.kind);
  const targets = points.map(({ metres }) => (isInverse ? 1 / metres : metres));
  const { scale, shift, inverse } = line(values, targets);
  const fitted = values.map((value) => scale * value + shift);
  if (scale <= 0 || fitted.some((value) => value <= 0)) return "contradict";
  const errors = fitted.map((value, i) => (isInverse ? 1 / value : value) - (points[i] as KnownPoint).metres);
  const relative = errors.map((error, i) => error / (points[i] as KnownPoint).metres);
  if (Math.max(...relative.map(Math.abs)) > WORST) return "misfit";
  const left = points.length - 2;
  const residual = left ? Math.sqrt(relative.reduce((sum, e) => sum + e * e, 0) / left) : 0;
  const variance = Math.max(NETWORK, residual) ** 2;
  const spread = inverse.map((entry) => entry * variance) as [number, number, number];
  return { kind: depth.kind, scale, shift, spread, points, errors, ...made };
}

/** A value in metres; null where the points cannot tell. */
export function metresOf({ kind, scale, shift, spread }: Calibration, value: number): Metres | null {
  const found = scale * value + shift;
  const sigma = Math.sqrt(Math.max(0, spread[0] * value * value + 2 * spread[1] * value + spread[2])) / found;
  const relative = Math.hypot(sigma, NETWORK);
  if (!(found > 0) || !(relative < HOPELESS)) return null;
  const metres = isNearLarge(kind) ? 1 / found : found;
  return { metres, sigma: relative * metres };
}

/** The distance of a place on a level floor, ``height`` metres below the camera; NaN above the horizon. */
export function floorDistance(place: Place, horizon: number, height: number, focal: number): number {
  const below = place.y - horizon;
  return below > 0.005 ? (height * focal) / below : Number.NaN;
}

/** Focal length as a share of the picture's height. */
export function focalShare(fovDegrees: number, depth: { width: number; height: number }): number {
  return depth.width / depth.height / 2 / Math.tan((fovDegrees * Math.PI) / 360);
}

/** A place and its distance as a point before the camera, in metres. */
export function pointAt(place: Place, metres: number, focal: number, depth: { width: number; height: number }): [number, number, number] {
  const ratio = depth.width / depth.height;
  return [((place.x - 0.5) * ratio * metres) / focal, ((place.y - 0.5) * metres) / focal, metres];
}

/** The camera profile that Python's Calibration reads, for pictures of a width. */
export function profileOf(found: Calibration, width: number, height: number): string {
  return JSON.stringify(
    {
      format: "nearfar calibration 1",
      kind: found.kind,
      scale: found.scale,
      shift: found.shift,
      points: found.points.map(({ place, metres }) => ({ x: place.x * width, y: place.y * height, distance_m: metres })),
      errors_m: found.errors,
      model: found.model,
      weights_sha256: found.weightsSha256,
      camera: null,
      width,
    },
    null,
    1,
  );
}

/** The calibration of a profile, for maps of that kind by those weights; null for anything else. */
export function calibrationOf(text: string, depth: Depth, weightsSha256: string): Calibration | null {
  try {
    const row = JSON.parse(text) as Record<string, unknown>;
    const isOurs = row.format === "nearfar calibration 1" && row.kind === depth.kind;
    if (!isOurs || (row.weights_sha256 && weightsSha256 && row.weights_sha256 !== weightsSha256)) return null;
    const [scale, shift] = [Number(row.scale), Number(row.shift)];
    if (!(scale > 0) || !Number.isFinite(shift)) return null;
    const spread = [scale * scale * NETWORK ** 2, 0, 0] as const;
    return { kind: depth.kind, scale, shift, spread, points: [], errors: [], model: String(row.model ?? ""), weightsSha256 };
  } catch {
    return null;
  }
}

/** Median of the values in the 3×3 pixels round a place. */
function around(depth: Depth, { x, y }: Place): number {
  const values: number[] = [];
  for (const dy of [-1, 0, 1]) {
    for (const dx of [-1, 0, 1]) values.push(valueAt(depth, x + dx / depth.width, y + dy / depth.height));
  }
  const known = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? Number.NaN;
}

/** Least squares of target = scale · value + shift, relative errors weighted alike; and the inverse of its matrix. */
function line(values: readonly number[], targets: readonly number[]): { scale: number; shift: number; inverse: number[] } {
  let [aa, ab, bb, at, bt] = [0, 0, 0, 0, 0];
  values.forEach((value, i) => {
    const weight = 1 / (targets[i] as number);
    const [a, b] = [value * weight, weight];
    aa += a * a;
    ab += a * b;
    bb += b * b;
    at += a;
    bt += b;
  });
  const determinant = aa * bb - ab * ab;
  const inverse = [bb / determinant, -ab / determinant, aa / determinant];
  return { scale: (bb * at - ab * bt) / determinant, shift: (aa * bt - ab * at) / determinant, inverse };
}
