/** What can be saved of a result as it is seen: pictures made here, and the values themselves. */
import { compose, fileOf } from "./compose";
import { type Depth, steps } from "./depth";
import { stem } from "./downloads";
import { type Look, spanOf } from "./look";
import { encodePng16 } from "./png16";
import { type DepthSource, type Result, SCREEN_PX } from "./source/source";

export const FORMATS = ["png", "jpeg", "webp", "png16", "npy"] as const;
export type Format = (typeof FORMATS)[number];

const SUFFIXES: Record<Format, string> = {
  png: ".depth.png",
  jpeg: ".depth.jpg",
  webp: ".depth.webp",
  png16: ".depth16.png",
  npy: ".depth.npy",
};

export interface Wish {
  readonly format: Format;
  /** In the photo's own size, not that of the screen. */
  readonly isWhole: boolean;
  readonly look: Look;
}

export interface Keepsake {
  readonly blob: Blob;
  readonly name: string;
}

/** The file of a result that was wished for. ``photo`` is what the page shows of it, or null. */
export async function keepsake(
  source: DepthSource,
  on: Result,
  wish: Wish,
  photo: CanvasImageSource | null,
): Promise<Keepsake> {
  const name = stem(on.shot.name) + SUFFIXES[wish.format];
  return { name, blob: await content(source, on, wish, photo) };
}

async function content(source: DepthSource, on: Result, wish: Wish, photo: CanvasImageSource | null): Promise<Blob> {
  const never = new AbortController().signal;
  const { format, look } = wish;
  if (format === "npy" || (format === "png16" && !look.span && wish.isWhole)) {
    const query: Record<string, string> = wish.isWhole ? {} : { max_side: String(SCREEN_PX) };
    return (await source.make({ noun: "exports", name: format, query, files: new Map() }, on, never)).blob;
  }
  const isSmaller = wish.isWhole && on.width > on.depth.width;
  const all = isSmaller ? await source.estimate(on.shot, { ...on.ask, maxSide: null }, () => undefined, never) : on;
  const { width, height } = all.depth;
  if (format === "png16") return grey16(all.depth, look);
  const under = look.opacity < 1 && isSmaller ? await wholePhoto(on.shot.file, photo) : photo;
  return fileOf(await compose({ depth: all.depth, look, photo: under, width, height }), `image/${format}`);
}

/** Nearness of 16 bits between the ends of the look, told in the file. */
function grey16(depth: Depth, look: Look): Promise<Blob> {
  const { low, high } = spanOf(look, depth);
  const texts = { "nearfar:kind": depth.kind, "nearfar:low": String(low), "nearfar:high": String(high) };
  return encodePng16(steps(depth, depth.width, depth.height, { low, high }), depth.width, depth.height, texts);
}

async function wholePhoto(file: Blob, shown: CanvasImageSource | null): Promise<CanvasImageSource | null> {
  return createImageBitmap(file).catch(() => shown); // a file that this browser cannot decode
}
