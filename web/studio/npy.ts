/** NumPy's file format: float32, C order, two axes, as `src/npy.ts` reads it. */
import type { Grid } from "../src/npy";

export function writeNpy({ width, height, values }: Grid): Blob {
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  const length = Math.ceil((10 + words.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array(10 + length).fill(0x20);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  head.set(new TextEncoder().encode(words), 10);
  head[9 + length] = 0x0a;
  return new Blob([head, values as Float32Array<ArrayBuffer>], { type: "application/octet-stream" });
}
