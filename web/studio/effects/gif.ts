/** An animated GIF (89a) that loops without end: one palette for all pictures, so that colours do not flicker. */
import type { Loop } from "./wiggle";

const MOST_COLOURS = 256;
const CELLS = 32; // a side of the cube of colours that are told apart in the palette
const MOST_CODES = 4096;

export function gifOf({ width, height, frames, delayMs }: Loop): Blob {
  const palette = paletteOf(frames[0] as Uint8ClampedArray);
  const nearest = nearestIn(palette);
  const parts: BlobPart[] = [Uint8Array.of(...letters("GIF89a"), ...word(width), ...word(height), 0xf7, 0, 0), palette as Uint8Array<ArrayBuffer>];
  parts.push(Uint8Array.of(0x21, 0xff, 11, ...letters("NETSCAPE2.0"), 3, 1, 0, 0, 0));
  for (const frame of frames) {
    parts.push(Uint8Array.of(0x21, 0xf9, 4, 0, ...word(Math.round(delayMs / 10)), 0, 0, 0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 8));
    parts.push(packed(dithered(frame, width, palette, nearest)));
  }
  parts.push(Uint8Array.of(0x3b));
  return new Blob(parts, { type: "image/gif" });
}

const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const word = (value: number): [number, number] => [value & 255, value >> 8];
const cellOf = (red: number, green: number, blue: number): number => ((red >> 3) * CELLS + (green >> 3)) * CELLS + (blue >> 3);

/** 256 colours by median cut: the box of the most pixels times its length is halved, again and again. */
function paletteOf(pixels: Uint8ClampedArray): Uint8Array {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += 3) {
    const cell = cellOf(pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  let boxes = [boxOf([...counts.keys()], counts)];
  while (boxes.length < MOST_COLOURS) {
    const widest = boxes.reduce((best, box) => (box.weight > best.weight ? box : best));
    if (widest.weight === 0) break;
    boxes = [...boxes.filter((box) => box !== widest), ...halves(widest, counts)];
  }
  const palette = new Uint8Array(MOST_COLOURS * 3);
  boxes.forEach((box, place) => palette.set(box.middle, place * 3));
  return palette;
}

interface Box {
  readonly cells: readonly number[];
  /** The channel along which it is longest. */
  readonly axis: number;
  readonly weight: number;
  readonly middle: readonly number[];
}

const along = (cell: number, axis: number): number => (axis === 0 ? cell >> 10 : axis === 1 ? (cell >> 5) & 31 : cell & 31);

function boxOf(cells: readonly number[], counts: ReadonlyMap<number, number>): Box {
  const lengths = [0, 1, 2].map((axis) => {
    const places = cells.map((cell) => along(cell, axis));
    return places.reduce((a, b) => Math.max(a, b), 0) - places.reduce((a, b) => Math.min(a, b), CELLS);
  });
  const longest = Math.max(...lengths);
  const count = (cell: number): number => counts.get(cell) ?? 0;
  const all = cells.reduce((sum, cell) => sum + count(cell), 0);
  const middle = [0, 1, 2].map((axis) => Math.round(cells.reduce((sum, cell) => sum + (along(cell, axis) * 8 + 4) * count(cell), 0) / all));
  return { cells, axis: lengths.indexOf(longest), weight: longest * all, middle };
}

function halves({ cells, axis }: Box, counts: ReadonlyMap<number, number>): Box[] {
  const sorted = [...cells].sort((a, b) => along(a, axis) - along(b, axis));
  const half = sorted.reduce((sum, cell) => sum + (counts.get(cell) ?? 0), 0) / 2;
  let [seen, cut] = [0, 0];
  while (cut < sorted.length - 1 && seen < half) seen += counts.get(sorted[cut++] as number) ?? 0;
  return [boxOf(sorted.slice(0, cut), counts), boxOf(sorted.slice(cut), counts)];
}

/** Which colour of the palette is nearest to another, remembered. */
function nearestIn(palette: Uint8Array): (red: number, green: number, blue: number) => number {
  const known = new Int16Array(1 << 18).fill(-1);
  return (red, green, blue) => {
    const key = ((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2);
    if ((known[key] as number) >= 0) return known[key] as number;
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let place = 0; place < MOST_COLOURS; place += 1) {
      const far = ((palette[place * 3] as number) - red) ** 2 + ((palette[place * 3 + 1] as number) - green) ** 2 + ((palette[place * 3 + 2] as number) - blue) ** 2;
      if (far < least) [best, least] = [place, far];
    }
    known[key] = best;
    return best;
  };
}

/** Places in the palette; what a pixel lacks is given to those right and below (Floyd and Steinberg 1976). */
function dithered(frame: Uint8ClampedArray, width: number, palette: Uint8Array, nearest: (r: number, g: number, b: number) => number): Uint8Array {
  const out = new Uint8Array(frame.length / 3);
  const row = (width + 2) * 3;
  let [now, next] = [new Float32Array(row), new Float32Array(row)];
  const wanted = new Uint8ClampedArray(3);
  for (let i = 0; i < out.length; i += 1) {
    const x = ((i % width) + 1) * 3;
    for (let c = 0; c < 3; c += 1) wanted[c] = (frame[i * 3 + c] as number) + (now[x + c] as number);
    const place = (out[i] = nearest(wanted[0] as number, wanted[1] as number, wanted[2] as number));
    for (let c = 0; c < 3; c += 1) {
      const lack = ((wanted[c] as number) - (palette[place * 3 + c] as number)) / 16;
      now[x + 3 + c] = (now[x + 3 + c] as number) + lack * 7;
      next[x - 3 + c] = (next[x - 3 + c] as number) + lack * 3;
      next[x + c] = (next[x + c] as number) + lack * 5;
      next[x + 3 + c] = (next[x + 3 + c] as number) + lack;
    }
    if ((i + 1) % width === 0) [now, next] = [next, now.fill(0)];
  }
  return out;
}

/** LZW with codes of 9 to 12 bits, in blocks of at most 255 bytes. */
function packed(places: Uint8Array): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const [clear, end] = [256, 257];
  let [bits, count, size, last] = [0, 0, 9, 257];
  let codes = new Map<number, number>();
  const put = (code: number): void => {
    bits |= code << count;
    count += size;
    for (; count >= 8; count -= 8, bits >>>= 8) out.push(bits & 255);
  };
  put(clear);
  let code = places[0] as number;
  for (let i = 1; i < places.length; i += 1) {
    const key = (code << 8) | (places[i] as number);
    const known = codes.get(key);
    if (known !== undefined) {
      code = known;
      continue;
    }
    put(code);
    code = places[i] as number;
    if (last < MOST_CODES - 1) {
      codes.set(key, (last += 1));
      if (last === 1 << size && size < 12) size += 1;
    } else {
      put(clear);
      [codes, size, last] = [new Map(), 9, end];
    }
  }
  put(code);
  put(end);
  if (count > 0) out.push(bits & 255);
  return blocks(out);
}

function blocks(bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length + Math.ceil(bytes.length / 255) + 1);
  for (let from = 0, to = 0; from < bytes.length; from += 255, to += 256) {
    const block = bytes.slice(from, from + 255);
    out[to] = block.length;
    out.set(block, to + 1);
  }
  return out;
}
