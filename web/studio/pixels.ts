/** The pixels of a decoded photo. */
import { type Picture, opaque } from "./shrink";

/** The photo over white: hidden colours must not leak in. */
export function pixelsOf(bitmap: ImageBitmap): Picture {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, alpha: false });
  if (!context) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  return opaque(width, height, context.getImageData(0, 0, width, height).data);
}
