/** A cut-out as it is being made: taps and strokes in order, so that each can be taken back. */
import { type Depth, steps } from "../depth";
import { make } from "../dom";
import { fit } from "../panels";
import type { Place } from "../view";
import { type Field, type Mask, between, region, softened, stroke } from "./mask";

const LONGEST_PX = 640; // of the mask: its edge is brought to the photo's and enlarged smoothly

/** What somebody did: a tap on a region or on a thing, or a stroke of the brush. */
export type Deed =
  | { readonly kind: "tap"; readonly place: Place; readonly isKept: boolean; readonly tolerance: number }
  | { readonly kind: "object"; readonly mask: Mask; readonly isKept: boolean }
  | { readonly kind: "stroke"; readonly places: Place[]; readonly isKept: boolean; readonly radius: number };

export class Cutting {
  readonly field: Field;
  private deeds: Deed[] = [];
  private range: [number, number] = [0.5, 1];

  constructor(photo: CanvasImageSource, depth: Depth) {
    const { width, height } = fit(depth.width, depth.height, LONGEST_PX);
    const context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    context.drawImage(photo, 0, 0, width, height);
    const near = Float32Array.from(steps(depth, width, height), (step) => step / 65535);
    this.field = { width, height, near, colours: context.getImageData(0, 0, width, height).data };
  }

  get isBegun(): boolean {
    return this.deeds.length > 0;
  }

  /** Keep what lies between two values of nearness, as long as no tap says otherwise. */
  keepRange(low: number, high: number): void {
    this.range = [low, high];
    this.deeds = this.deeds.filter(({ kind }) => kind === "stroke");
  }

  do(deed: Deed): void {
    this.deeds.push(deed);
  }

  undo(): void {
    this.deeds.pop();
  }

  clear(): void {
    this.deeds = [];
  }

  /** The mask of all deeds, its edge softened over ``soft`` pixels of the field. */
  mask(soft: number): Mask {
    const hasTaps = this.deeds.some((deed) => deed.kind !== "stroke" && deed.isKept);
    const mask = hasTaps ? new Float32Array(this.field.near.length) : between(this.field, ...this.range);
    for (const deed of this.deeds) this.apply(mask, deed);
    return softened(mask, this.field, soft);
  }

  private apply(mask: Mask, deed: Deed): void {
    const { width, height } = this.field;
    const value = Number(deed.isKept);
    if (deed.kind === "object") {
      deed.mask.forEach((kept, i) => kept > 0.5 && (mask[i] = value));
      return;
    }
    if (deed.kind === "tap") {
      const column = Math.min(width - 1, Math.floor(deed.place.x * width));
      const row = Math.min(height - 1, Math.floor(deed.place.y * height));
      region(this.field, row * width + column, deed.tolerance).forEach((kept, i) => kept && (mask[i] = value));
      return;
    }
    const points = deed.places.map(({ x, y }): [number, number] => [x * width, y * height]);
    points.forEach((point, i) => stroke(mask, this.field, points[i - 1] ?? point, point, deed.radius * width, value));
  }
}

/** A picture that is white where a thing is, as a mask of the field's size. */
export function maskOf(picture: ImageBitmap, { width, height }: Field): Mask {
  const context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Float32Array.from({ length: width * height }, (_, i) => (data[i * 4] as number) / 255);
}

/** A mask as a canvas: its opacity is what is kept. */
export function maskCanvas(mask: Mask, { width, height }: Field): HTMLCanvasElement {
  const canvas = make("canvas", { width, height });
  const pixels = new ImageData(width, height);
  mask.forEach((kept, i) => (pixels.data[i * 4 + 3] = Math.round(kept * 255)));
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** What stands where nothing was kept. */
export type Ground = "clear" | "blur" | string;

/** The photo where the mask keeps it, over a ground; drawn over the whole canvas. */
export function drawCut(canvas: HTMLCanvasElement, photo: CanvasImageSource, mask: HTMLCanvasElement, ground: Ground): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  context.globalCompositeOperation = "copy";
  context.imageSmoothingQuality = "high";
  context.drawImage(mask, 0, 0, width, height);
  context.globalCompositeOperation = "source-in";
  context.drawImage(photo, 0, 0, width, height);
  context.globalCompositeOperation = "destination-over";
  if (ground === "blur") {
    context.filter = `blur(${Math.round(Math.max(width, height) / 60)}px)`;
    context.drawImage(photo, 0, 0, width, height);
    context.filter = "none";
  } else if (ground !== "clear") {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
  }
  context.globalCompositeOperation = "source-over";
}
