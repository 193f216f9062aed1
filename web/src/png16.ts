/** Grey pictures of 16 bits: canvases write eight, so the file is laid out here. */
import { crc32 } from "./crc32";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const GREY = 0;

/** A PNG of one channel of 16 bits; ``texts`` are kept in it (Latin letters). */
export async function encodePng16(
  steps: Uint16Array,
  width: number,
  height: number,
  texts: Readonly<Record<string, string>> = {},
): Promise<Blob> {
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 16);
  head.setUint8(9, GREY);
  const notes = Object.entries(texts).map(([key, text]) => chunk("tEXt", new TextEncoder().encode(`${key}\0${text}`)));
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(head.buffer)),
    ...notes,
    chunk("IDAT", await deflated(scanlines(steps, width, height))),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

/** Rows of big-endian values as differences from the row above, which deflate well. */
function scanlines(steps: Uint16Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const UP = 2;
  const out = new Uint8Array(height * (1 + width * 2));
  for (let y = 0; y < height; y += 1) {
    let at = y * (1 + width * 2);
    out[at++] = UP;
    for (let x = 0; x < width; x += 1) {
      const now = steps[y * width + x] as number;
      const above = y ? (steps[(y - 1) * width + x] as number) : 0;
      out[at++] = (now >> 8) - (above >> 8);
      out[at++] = (now & 255) - (above & 255);
    }
  }
  return out;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name: string, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(name), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}
