/** Which machine draws the lens: WebGPU where it is and was measured to be faster, else WebGL2. */
import type { Depth } from "../depth";
import { make } from "../dom";
import { GpuLens } from "./gpu";
import { type Aperture, type Care, Lens, type Machine } from "./lens";

const [WIDTH, HEIGHT] = [640, 480];
const TRIAL: Aperture = { focus: 0.5, strength: 3, field: 0.03, shape: "disc", highlights: 0.4 };
const CARE: Care = { taps: 64, scale: 1, strips: 1 };

let device: Promise<GPUDevice | null> | null = null;

/** Throws an Error where the browser has neither. */
export async function openLens(canvas: HTMLCanvasElement): Promise<Machine> {
  device ??= faster();
  const found = await device;
  if (found) found.lost.then(() => (device = null)).catch(() => undefined);
  return found ? new GpuLens(canvas, found) : new Lens(canvas);
}

/** The device of WebGPU where the same picture takes less time on it; null where not, or where anything goes wrong. */
async function faster(): Promise<GPUDevice | null> {
  const found = await GpuLens.device();
  if (!found) return null;
  try {
    const theirs = await trial(new GpuLens(make("canvas", {}), found));
    const ours = await Promise.resolve().then(() => trial(new Lens(make("canvas", {})))).catch(() => Number.POSITIVE_INFINITY);
    return theirs < ours ? found : null;
  } catch (error) {
    console.info(error); // WebGL2 does it then
    return null;
  }
}

/** Milliseconds of a picture; the first one, for which programs are translated, does not count. */
async function trial(machine: Machine): Promise<number> {
  const values = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i % WIDTH) / WIDTH);
  const depth: Depth = { width: WIDTH, height: HEIGHT, values, kind: "relative_inverse", low: 0, high: 1 };
  machine.load(make("canvas", { width: WIDTH, height: HEIGHT }), depth);
  await machine.draw(TRIAL, CARE, () => true);
  return Math.min(await machine.draw(TRIAL, CARE, () => true), await machine.draw(TRIAL, CARE, () => true));
}
