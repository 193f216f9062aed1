/** Pictures of the browser's own WebP laid into one animation that loops without end (RFC 9649, section 2.7). */

const HEAD = 12; // RIFF, length, WEBP
const ANIMATION = 0x02; // flag of VP8X

/** ``pictures``: whole WebP files of one size. */
export async function animated(pictures: readonly Blob[], { width, height, delayMs }: { width: number; height: number; delayMs: number }): Promise<Blob> {
  const size = [...three(width - 1), ...three(height - 1)];
  const parts = [chunk("VP8X", Uint8Array.of(ANIMATION, 0, 0, 0, ...size)), chunk("ANIM", Uint8Array.of(255, 255, 255, 255, 0, 0))];
  for (const picture of pictures) {
    const data = pictureOf(new Uint8Array(await picture.arrayBuffer()));
    const place = Uint8Array.of(0, 0, 0, 0, 0, 0, ...size, ...three(delayMs), 0x02); // not mixed with the one before
    parts.push(chunk("ANMF", joined([place, data])));
  }
  const body = joined([letters("WEBP"), ...parts]);
  return new Blob([joined([letters("RIFF"), four(body.length), body])], { type: "image/webp" });
}

/** The chunk of a file that holds its pixels. */
function pictureOf(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = HEAD; at + 8 <= file.length; ) {
    const name = String.fromCharCode(...file.subarray(at, at + 4));
    const end = at + 8 + view.getUint32(at + 4, true);
    if (name === "VP8 " || name === "VP8L") return chunk(name, file.slice(at + 8, end));
    at = end + (end & 1);
  }
  throw new Error("no WebP");
}

const three = (value: number): number[] => [value & 255, (value >> 8) & 255, value >> 16];
const four = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array(Uint32Array.of(value).buffer);
const letters = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const chunk = (name: string, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => joined([letters(name), four(data.length), data, new Uint8Array(data.length & 1)]);

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
