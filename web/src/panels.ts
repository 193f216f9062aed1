/** The photo on the left and its heat map on the right, painted at the size a screen can show. */
import { colorize } from "./colors";
import { type Depth, steps } from "./depth";
import { byId, show } from "./dom";
import { type Look, spanOf } from "./look";

const LONGEST_PX = 2048; // a panel is never wider on a screen; the files that are saved keep every pixel
const STRETCH = 5; // a strip of 20000 × 10 would be invisible at its true shape

const stages = () => [byId("photo-stage"), byId("heat-stage")];
const photo = () => byId("photo", HTMLCanvasElement);
const under = () => byId("under", HTMLCanvasElement);
const heat = () => byId("heat", HTMLCanvasElement);

let painted: Depth | null = null;

/** The largest size of the same shape whose longer side is at most ``longest``. */
export function fit(width: number, height: number, longest = LONGEST_PX): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Show a photo on the left, upright, over white; false where the browser cannot decode such a file. */
export async function showPhoto(file: Blob, signal: AbortSignal): Promise<boolean> {
  try {
    const { width, height } = await sizeOf(file);
    const size = fit(width, height);
    // beside the page: decoding 12 megapixels as they are drawn would hold it up
    const bitmap = await createImageBitmap(file, { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: "high" });
    if (!signal.aborted) {
      shape(width, height);
      drawPhoto(bitmap, size);
    }
    bitmap.close();
    return true;
  } catch {
    if (!signal.aborted) shape(4, 3);
    return false;
  }
}

/** Of the upright photo; its pixels are not decoded for it. Rejects where the browser cannot. */
async function sizeOf(file: Blob): Promise<{ width: number; height: number }> {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = address;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Whether the photo itself is to be seen, or the words that stand in for it. */
export function showStandIn(isStandIn: boolean, name: string): void {
  show(photo(), !isStandIn);
  show(under(), !isStandIn);
  show(byId("photo-hidden"), isStandIn);
  byId("hidden-name").textContent = name;
}

/** Paint the heat map of another depth map. */
export function showHeat(depth: Depth, look: Look): void {
  painted = depth;
  shape(depth.width, depth.height);
  repaint(look);
  show(heat(), true);
}

/** Paint the same depth map with another look. */
export function repaint(look: Look): void {
  heat().style.opacity = String(look.opacity);
  if (!painted) return;
  const { width, height } = fit(painted.width, painted.height);
  const canvas = heat();
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(colorize(steps(painted, width, height, spanOf(look, painted)), look.colormap), width, height);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

/** The photo as the page shows it; null where only words stand in for it. */
export function shownPhoto(): HTMLCanvasElement | null {
  return photo().hidden ? null : photo();
}

/** Forget the heat map and give its memory back. */
export function clearHeat(): void {
  painted = null;
  show(heat(), false);
  heat().width = heat().height = 1;
}

function drawPhoto(image: ImageBitmap, { width, height }: { width: number; height: number }): void {
  draw(photo(), image, width, height);
  draw(under(), photo(), width, height);
}

function draw(canvas: HTMLCanvasElement, image: CanvasImageSource, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // what is transparent stands on white for the network, too
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0, width, height);
}

function shape(width: number, height: number): void {
  const ratio = Math.min(STRETCH, Math.max(1 / STRETCH, width / height));
  for (const stage of stages()) stage.style.setProperty("--ratio", ratio.toFixed(4));
}
