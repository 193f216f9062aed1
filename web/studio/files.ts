/** Files that are made of a result in this browser: the formats and the one effect that need no service. */
import { Failure } from "../src/client";
import { fileOf } from "../src/compose";
import { nearness, valueAt } from "../src/depth";
import { make } from "../src/dom";
import { Lens } from "../src/lens/lens";
import type { Shape } from "../src/lens/taps";
import type { Plugin } from "../src/options";
import { encodePng16 } from "../src/png16";
import type { MadeFile, Order, Result } from "../src/source/source";
import { meshFile, pointsFile } from "./bodies";
import { writeNpy } from "./npy";

const TOP = 65535;
const CARE = { taps: 80, scale: 1, strips: 12 };

const format = (name: string, suffix: string, summary: string): Plugin => ({ name, suffix, summary, options: [] });

/** The formats that the page offers under Files. */
export const MADE_HERE: Plugin[] = [
  format("npy", ".npy", "NumPy array of float32 values"),
  format("png16", ".png", "Grey PNG of 16 bits"),
  format("ply", ".ply", "Point cloud with colours"),
  format("glb", ".glb", "Textured surface"),
];

/** The file of an order, of a result in the photo's own size. */
export async function makeHere({ noun, name, query }: Order, on: Result): Promise<MadeFile> {
  if (noun === "exports" && name === "npy") return { blob: writeNpy(on.depth), suffix: ".npy" };
  if (noun === "exports" && name === "png16") return { blob: await png16Of(on), suffix: ".png" };
  if (noun === "exports" && name === "ply") return { blob: await pointsFile(on, query), suffix: ".ply" };
  if (noun === "exports" && name === "glb") return { blob: await meshFile(on, query), suffix: ".glb" };
  if (noun === "effects" && name === "bokeh") return { blob: await refocused(on, query), suffix: ".png" };
  throw new Failure("missing", `The studio makes no ${name}; the service does.`);
}

/** Value = number × scale + offset, both told in the file; 0 is where there is no depth. */
function png16Of({ depth }: Result): Promise<Blob> {
  const { width, height, values, low, high, kind } = depth;
  const scale = (high - low) / (TOP - 1);
  const numbers = Uint16Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1 + Math.round((value - low) / (scale || 1))));
  const texts = { "nearfar:kind": kind, "nearfar:scale": String(scale), "nearfar:offset": String(low - scale) };
  return encodePng16(numbers, width, height, texts);
}

/** The lens of the page at the photo's own size. */
async function refocused(on: Result, query: Order["query"]): Promise<Blob> {
  const photo = await createImageBitmap(on.shot.file);
  const canvas = make("canvas", { width: 1, height: 1 });
  const [x = 0, y = 0] = (query.focus ?? "").split(",").map(Number);
  const value = valueAt(on.depth, (x + 0.5) / on.width, (y + 0.5) / on.height);
  const lens = new Lens(canvas);
  lens.load(photo, on.depth);
  photo.close();
  const aperture = {
    focus: nearness(on.depth, value),
    strength: Number(query.strength),
    field: Number(query.depth_of_field),
    shape: query.shape as Shape,
    highlights: Number(query.highlights),
  };
  await lens.draw(aperture, CARE, () => true);
  return fileOf(canvas, "image/png");
}
