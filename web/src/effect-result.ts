/** The result of an effect: a picture or a clip, shown large on the right. */
import { byId, show } from "./dom";
import { shownPhoto } from "./panels";
import type { Size } from "./options";

/** A file that the service made of the photo; ``isWhole`` where it is not of a smaller copy. */
export interface Made {
  readonly blob: Blob;
  readonly suffix: string;
  readonly isWhole: boolean;
}

const STRETCH = 5;
const ALIKE = 0.02; // of two shapes: sizes are rounded

const image = () => byId("effect-image", HTMLImageElement);
const video = () => byId("effect-video", HTMLVideoElement);

let address = "";

/** ``onUnplayable`` hears of a clip that this browser cannot play. */
export function startResult(onUnplayable: () => void): void {
  video().addEventListener("error", () => {
    if (!video().hidden) onUnplayable();
  });
}

/** Show a picture or a clip. */
export async function showMade({ blob }: Made): Promise<void> {
  const url = URL.createObjectURL(blob);
  const isVideo = blob.type.startsWith("video/");
  if (isVideo) {
    video().onloadedmetadata = () => shape({ width: video().videoWidth, height: video().videoHeight });
    video().src = url;
  } else {
    image().src = url;
    await image().decode();
    shape({ width: image().naturalWidth, height: image().naturalHeight });
  }
  URL.revokeObjectURL(address);
  address = url;
  show(image(), !isVideo);
  show(video(), isVideo);
  layUnder(isVideo || blob.type === "image/gif" ? null : { width: image().naturalWidth, height: image().naturalHeight });
}

/** The photo under a still picture of its shape, so that the two can be compared; nothing else can. */
function layUnder(picture: Size | null): void {
  const photo = shownPhoto();
  const isAlike = photo !== null && picture !== null && Math.abs((picture.width * photo.height) / (picture.height * photo.width) - 1) < ALIKE;
  byId("work").dataset.comparable = isAlike ? "yes" : "no";
  if (!isAlike) return;
  const under = byId("effect-under", HTMLCanvasElement);
  [under.width, under.height] = [photo.width, photo.height];
  under.getContext("2d")?.drawImage(photo, 0, 0);
}

/** Show nothing, in the shape of the photo. */
export function clearMade(photo: Size | null): void {
  show(image(), false);
  show(video(), false);
  video().removeAttribute("src");
  video().load();
  image().removeAttribute("src");
  URL.revokeObjectURL(address);
  byId("work").dataset.comparable = "no";
  if (photo) shape(photo);
}

/** Say in words what is shown. */
export function nameMade(words: string): void {
  image().alt = words;
  video().setAttribute("aria-label", words);
}

function shape({ width, height }: Size): void {
  const ratio = Math.min(STRETCH, Math.max(1 / STRETCH, width / Math.max(1, height)));
  byId("effect-stage").style.setProperty("--ratio", ratio.toFixed(4));
}
