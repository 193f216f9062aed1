/** The picture that is seen on the right, whatever the mode, as a file of the screen's size. */
import { fileOf } from "./compose";
import { byId, make } from "./dom";
import { stem } from "./downloads";
import { type Keepsake, keepsake } from "./keepsakes";
import { shownPhoto } from "./panels";
import type { DepthSource } from "./source/source";
import { type PhotoMode, state } from "./state";

const CANVASES: Partial<Record<PhotoMode, string>> = { refocus: "lens", cutout: "cut-canvas", space: "space" };

/** Null where nothing is shown. */
export async function seenPicture(source: DepthSource): Promise<Keepsake | null> {
  const on = state.result;
  if (!on) return null;
  const name = `${stem(on.shot.name)}.${state.mode}.png`;
  const id = CANVASES[state.mode];
  if (id) return { name, blob: await fileOf(byId(id, HTMLCanvasElement), "image/png") };
  const image = byId("effect-image", HTMLImageElement);
  if (state.mode === "effects" && !image.hidden) return { name, blob: await copyOf(image) };
  return keepsake(source, on, { format: "png", isWhole: false, look: state.look }, shownPhoto());
}

function copyOf(image: HTMLImageElement): Promise<Blob> {
  const canvas = make("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  return fileOf(canvas, "image/png");
}
