/** The pictures of a loop that swings round the scene: `nearfar.effects.wiggle`. */
import type { Picture } from "../shrink";
import { type Chosen, type Given, nearOf } from "./ask";
import { averaged, bytesOf } from "./raster";
import { sceneOf, seenFrom } from "./scene";

/** Red, green, blue of each picture, one after the other, and how they are shown. */
export interface Loop {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Uint8ClampedArray[];
  readonly delayMs: number;
  readonly format: "gif" | "webp";
}

export function wiggle(given: Given, chosen: Chosen): Loop {
  const reach = chosen.number("separation") / 200;
  const [count, still] = [chosen.number("frames"), chosen.number("plane")];
  const { photo, near } = small(given, nearOf(given, chosen.is("refine")), chosen.number("size"));
  const scene = sceneOf(photo, near, reach);
  const frames = Array.from({ length: count }, (_, k) => seenFrom(scene, reach * Math.sin((2 * Math.PI * k) / count + Math.PI / 2), still));
  return { width: photo.width, height: photo.height, frames, delayMs: Math.round(1000 / chosen.number("fps")), format: chosen.word("format") };
}

/** The scene at the animation's size: views of the whole photo would cost many times as much. */
function small({ photo }: Given, near: Float32Array, size: number): { photo: Picture; near: Float32Array } {
  const scale = Math.min(1, size / Math.max(photo.width, photo.height));
  if (scale === 1) return { photo, near };
  const to = { width: Math.max(1, Math.round(photo.width * scale)), height: Math.max(1, Math.round(photo.height * scale)) };
  return { photo: { ...to, pixels: bytesOf(averaged(photo.pixels, photo, to, 3)) }, near: averaged(near, photo, to) };
}
