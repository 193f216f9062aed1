/** Colour maps: the library's own tables, interpolated as it interpolates them. */
import tables from "./colormaps.json";

export type ColormapName = keyof typeof tables;
export const COLORMAPS = Object.keys(tables) as ColormapName[];

const STEPS = 65536;
const made = new Map<ColormapName, Uint32Array>();

/** 65536 colours from far to near, each the four bytes of an opaque canvas pixel. */
export function colorTable(name: ColormapName): Uint32Array {
  const known = made.get(name);
  if (known) return known;
  const anchors = parseColors(tables[name]);
  const bytes = new Uint8ClampedArray(STEPS * 4).fill(255);
  const last = anchors.length / 3 - 1;
  for (let i = 0; i < STEPS; i += 1) {
    const place = (i / (STEPS - 1)) * last;
    const below = Math.min(last - 1, Math.floor(place));
    for (let c = 0; c < 3; c += 1) {
      const a = anchors[below * 3 + c] as number;
      const b = anchors[below * 3 + 3 + c] as number;
      bytes[i * 4 + c] = a + (b - a) * (place - below); // the clamped array rounds half to even, as NumPy does
    }
  }
  const table = new Uint32Array(bytes.buffer);
  made.set(name, table);
  return table;
}

/** Canvas pixels of nearness steps. */
export function colorize(stepsOfNearness: Uint16Array, name: ColormapName): Uint8ClampedArray<ArrayBuffer> {
  const table = colorTable(name);
  const out = new Uint32Array(stepsOfNearness.length);
  for (let i = 0; i < out.length; i += 1) out[i] = table[stepsOfNearness[i] as number] as number;
  return new Uint8ClampedArray(out.buffer);
}

/** A gradient from far (left) to near (right), drawn over the whole canvas; ``place`` bends it, 0…1 to 0…1. */
export function drawGradient(
  canvas: HTMLCanvasElement,
  name: ColormapName,
  place: (near: number) => number = (near) => near,
): void {
  canvas.width = 256;
  canvas.height = 1;
  const ramp = Uint16Array.from({ length: 256 }, (_, i) => Math.round(place(i / 255) * 65535));
  canvas.getContext("2d")?.putImageData(new ImageData(colorize(ramp, name), 256, 1), 0, 0);
}

function parseColors(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}
