/** Two views for two eyes: side by side, or in one picture for red and cyan glasses. */
import { type Chosen, type Given, type Pixels, nearOf } from "./ask";
import { averaged, bytesOf } from "./raster";
import { sceneOf, seenFrom } from "./scene";

// Least squares for LCD screens and red-cyan glasses: E. Dubois, ICASSP 2001; they act on linear light.
const MATRICES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  dubois: [
    [0.437, 0.449, 0.164, -0.011, -0.032, -0.007],
    [-0.062, -0.062, -0.024, 0.377, 0.761, 0.009],
    [-0.048, -0.05, -0.017, -0.026, -0.093, 1.234],
  ],
  colour: [
    [1, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 1],
  ],
  grey: [
    [0.299, 0.587, 0.114, 0, 0, 0],
    [0, 0, 0, 0.299, 0.587, 0.114],
    [0, 0, 0, 0.299, 0.587, 0.114],
  ],
};

function eyes(given: Given, chosen: Chosen): [left: Uint8ClampedArray, right: Uint8ClampedArray] {
  const half = chosen.number("separation") / 200;
  const scene = sceneOf(given.photo, nearOf(given, chosen.is("refine")), half);
  const plane = chosen.number("plane");
  return [seenFrom(scene, half, plane), seenFrom(scene, -half, plane)];
}

/** Twice as wide as the photo, or as wide where the views are squeezed. */
export function stereo(given: Given, chosen: Chosen): Pixels {
  const { width, height } = given.photo;
  const isHalf = chosen.is("half");
  const widths = isHalf ? [Math.ceil(width / 2), Math.max(1, width >> 1)] : [width, width];
  const views = eyes(given, chosen);
  if (chosen.word("layout") === "cross") views.reverse();
  const whole = (widths[0] as number) + (widths[1] as number);
  const values = new Uint8ClampedArray(whole * height * 3);
  views.forEach((view, side) => {
    const wide = widths[side] as number;
    const own = wide === width ? view : bytesOf(averaged(view, given.photo, { width: wide, height }, 3));
    const start = side === 0 ? 0 : (widths[0] as number);
    for (let y = 0; y < height; y += 1) values.set(own.subarray(y * wide * 3, (y + 1) * wide * 3), (y * whole + start) * 3);
  });
  return { width: whole, height, channels: 3, values };
}

export function anaglyph(given: Given, chosen: Chosen): Pixels {
  const matrix = MATRICES[chosen.word("method")] as readonly (readonly number[])[];
  const [left, right] = eyes(given, chosen);
  const values = new Uint8ClampedArray(left.length);
  const light = new Float64Array(6);
  for (let at = 0; at < values.length; at += 3) {
    for (let c = 0; c < 3; c += 1) {
      light[c] = ((left[at + c] as number) / 255) ** 2;
      light[c + 3] = ((right[at + c] as number) / 255) ** 2;
    }
    for (let c = 0; c < 3; c += 1) {
      const mixed = light.reduce((sum, value, k) => sum + value * ((matrix[c] as readonly number[])[k] as number), 0);
      values[at + c] = Math.sqrt(Math.min(1, Math.max(0, mixed))) * 255;
    }
  }
  return { width: given.photo.width, height: given.photo.height, channels: 3, values };
}
