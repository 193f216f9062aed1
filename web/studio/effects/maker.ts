/** Effects at work, beside the page: a photo and its depth in, a picture or a loop out; one after the other. */
import { Failure } from "../../src/client";
import type { Depth } from "../../src/depth";
import type { Reply } from "../desk";
import { pixelsOf } from "../pixels";
import { shrink } from "../shrink";
import type { Given, Pixels, Query } from "./ask";
import type { Seen } from "./edges";
import { gifOf } from "./gif";
import { applied } from "./table";
import { animated } from "./webp";
import type { Loop } from "./wiggle";

/** What the page asks for, of a photo by its number; what it looks like is told once. */
export interface Errand {
  readonly effect: string;
  readonly query: Query;
  readonly photo: number;
  readonly given?: { readonly file: Blob; readonly depth: Depth; readonly seen: Seen };
}

const WEBP_QUALITY = 0.8;
let last: Promise<void> = Promise.resolve();
let known: { photo: number; given: Given } | null = null;

self.onmessage = ({ data }: MessageEvent<Errand & { id: number }>) => {
  last = last.then(async () => self.postMessage(await answer(data)));
};

async function answer({ id, ...errand }: Errand & { id: number }): Promise<Reply<Blob>> {
  try {
    const made = applied(errand.effect, await givenOf(errand), errand.query);
    return { id, found: "frames" in made ? await loopFile(made) : await canvasOf(made).convertToBlob({ type: "image/png" }) };
  } catch (error) {
    if (error instanceof Failure) return { id, code: error.code, detail: error.detail, parameter: error.parameter };
    return { id, code: "server", detail: String(error) };
  }
}

async function givenOf({ photo, given }: Errand): Promise<Given> {
  if (known?.photo === photo) return known.given;
  if (!given) throw new Error("nothing is known of that photo");
  const bitmap = await createImageBitmap(given.file);
  const whole = pixelsOf(bitmap);
  bitmap.close();
  const { width, height } = given.depth;
  const picture = width < whole.width || height < whole.height ? shrink(whole, width, height) : whole;
  known = { photo, given: { photo: picture, depth: given.depth, seen: given.seen } };
  return known.given;
}

function canvasOf({ width, height, channels, values }: Pixels): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < values.length; from += channels, to += 4) {
    for (let c = 0; c < 3; c += 1) pixels.data[to + c] = values[from + c] as number;
    pixels.data[to + 3] = channels === 4 ? (values[from + 3] as number) : 255;
  }
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** A loop as the file that was asked for; as a GIF where this browser writes no WebP. */
async function loopFile(loop: Loop): Promise<Blob> {
  if (loop.format === "gif") return gifOf(loop);
  const pictures: Blob[] = [];
  for (const values of loop.frames) {
    pictures.push(await canvasOf({ ...loop, channels: 3, values }).convertToBlob({ type: "image/webp", quality: WEBP_QUALITY }));
  }
  return pictures.every(({ type }) => type === "image/webp") ? animated(pictures, loop) : gifOf(loop);
}
