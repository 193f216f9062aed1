/** The heat map over its photo as a picture of any size: what is saved is what is seen. */
import { colorize } from "./colors";
import { type Depth, stepsOfRows } from "./depth";
import { make } from "./dom";
import { type Look, spanOf } from "./look";

const STRIP_PX = 500_000; // pixels between two looks at what else the page has to do

export interface Composition {
  readonly depth: Depth;
  readonly look: Look;
  /** What the heat map lies over; null where no photo can be shown. */
  readonly photo: CanvasImageSource | null;
  readonly width: number;
  readonly height: number;
}

/** A canvas with the composition; other work gets its turn between strips of it. */
export async function compose({ depth, look, photo, width, height }: Composition): Promise<HTMLCanvasElement> {
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas of that size");
  const isOverlay = look.opacity < 1 && photo !== null;
  if (isOverlay) {
    context.fillStyle = "#fff"; // what is transparent stands on white, as it does on the screen
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, 0, 0, width, height);
    context.globalAlpha = look.opacity;
  }
  const rows = Math.max(1, Math.floor(STRIP_PX / width));
  const strip = make("canvas", { width, height: Math.min(rows, height) });
  for (let top = 0; top < height; top += rows) {
    const bottom = Math.min(height, top + rows);
    const steps = stepsOfRows(depth, { width, height, top, bottom }, spanOf(look, depth));
    const pixels = new ImageData(colorize(steps, look.colormap), width, bottom - top);
    strip.getContext("2d")?.putImageData(pixels, 0, 0);
    context.drawImage(strip, 0, 0, width, bottom - top, 0, top, width, bottom - top);
    await new Promise((go) => setTimeout(go));
  }
  return canvas;
}

/** The file of a canvas. */
export function fileOf(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null): void => (blob ? resolve(blob) : reject(new Error(`no ${type} of this canvas`)));
    canvas.toBlob(done, type, 0.92);
  });
}
