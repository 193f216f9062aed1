/** What of a picture is kept: regions at one depth joined by colour, strokes of a brush, a soft edge. */

/** A picture small enough to be worked on while somebody drags: nearness in 0…1, colours in 0…255. */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly near: Float32Array;
  /** Four bytes a pixel. */
  readonly colours: Uint8ClampedArray;
}

/** A mask: 0 is away, 1 is kept. */
export type Mask = Float32Array;

const JUMP = 0.25; // of the tolerance: a larger step of depth between neighbours is an outline …
const ALIKE = 28; // … unless their colours are this alike, of 441

/** The region round a pixel that lies within a tolerance of its depth and hangs together. */
export function region(field: Field, start: number, tolerance: number): Mask {
  const { width, height, near } = field;
  const kept = new Float32Array(width * height);
  const stack = [start];
  const seed = near[start] as number;
  kept[start] = 1;
  const reach = (from: number, to: number): void => {
    if (kept[to] || Math.abs((near[to] as number) - seed) > tolerance) return;
    const isStep = Math.abs((near[to] as number) - (near[from] as number)) > tolerance * JUMP;
    if (isStep && unlike(field.colours, from, to) > ALIKE) return;
    kept[to] = 1;
    stack.push(to);
  };
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const x = at % width;
    if (x > 0) reach(at, at - 1);
    if (x < width - 1) reach(at, at + 1);
    if (at >= width) reach(at, at - width);
    if (at < width * (height - 1)) reach(at, at + width);
  }
  return kept;
}

/** All pixels between two values of nearness. */
export function between({ near }: Field, low: number, high: number): Mask {
  return Float32Array.from(near, (value) => Number(value >= low && value <= high));
}

/** A stroke of a round brush between two points, in pixels of the field. */
export function stroke(mask: Mask, field: Field, from: [number, number], to: [number, number], radius: number, value: number): void {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / Math.max(1, radius / 2)));
  for (let step = 0; step <= steps; step += 1) {
    const x = from[0] + ((to[0] - from[0]) * step) / steps;
    const y = from[1] + ((to[1] - from[1]) * step) / steps;
    dab(mask, field, [x, y], radius, value);
  }
}

function dab(mask: Mask, { width, height }: Field, [x, y]: [number, number], radius: number, value: number): void {
  for (let row = Math.max(0, Math.ceil(y - radius)); row <= Math.min(height - 1, y + radius); row += 1) {
    for (let column = Math.max(0, Math.ceil(x - radius)); column <= Math.min(width - 1, x + radius); column += 1) {
      if (Math.hypot(column - x, row - y) <= radius) mask[row * width + column] = value;
    }
  }
}

/**
 * The mask with its edge on the photo's edges and softened over a radius: the guided filter of He, Sun and Tang
 * (2013), guided by brightness.
 */
export function softened(mask: Mask, field: Field, radius: number): Mask {
  if (radius < 1) return mask.slice();
  const { width, height, colours } = field;
  const guide = Float32Array.from(mask, (_, i) => brightness(colours, i));
  const mean = (values: Float32Array): Float32Array => boxMean(values, width, height, Math.round(radius));
  const product = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value * (b[i] as number));
  const [meanGuide, meanMask] = [mean(guide), mean(mask)];
  const [meanBoth, meanSquare] = [mean(product(guide, mask)), mean(product(guide, guide))];
  const EPSILON = 1e-3;
  const slope = meanBoth.map((both, i) => {
    const [g, m] = [meanGuide[i] as number, meanMask[i] as number];
    return (both - g * m) / ((meanSquare[i] as number) - g * g + EPSILON);
  });
  const shift = meanMask.map((m, i) => m - (slope[i] as number) * (meanGuide[i] as number));
  const [meanSlope, meanShift] = [mean(slope), mean(shift)];
  return guide.map((g, i) => Math.min(1, Math.max(0, (meanSlope[i] as number) * g + (meanShift[i] as number))));
}

/** The mean over squares of 2 radius + 1 pixels, those at the border cut off. */
export function boxMean(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const lines = (from: Float32Array, count: number, length: number, stepLine: number, step: number): Float32Array => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < count; line += 1) {
      const base = line * stepLine;
      let sum = 0;
      for (let i = 0; i < Math.min(radius, length); i += 1) sum += from[base + i * step] as number;
      for (let i = 0; i < length; i += 1) {
        if (i + radius < length) sum += from[base + (i + radius) * step] as number;
        if (i - radius - 1 >= 0) sum -= from[base + (i - radius - 1) * step] as number;
        to[base + i * step] = sum / (Math.min(length - 1, i + radius) - Math.max(0, i - radius) + 1);
      }
    }
    return to;
  };
  return lines(lines(values, height, width, width, 1), width, height, 1, width);
}

function unlike(colours: Uint8ClampedArray, a: number, b: number): number {
  const off = (channel: number): number => (colours[a * 4 + channel] as number) - (colours[b * 4 + channel] as number);
  return Math.hypot(off(0), off(1), off(2));
}

function brightness(colours: Uint8ClampedArray, i: number): number {
  return (0.299 * (colours[i * 4] as number) + 0.587 * (colours[i * 4 + 1] as number) + 0.114 * (colours[i * 4 + 2] as number)) / 255;
}
