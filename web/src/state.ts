/** What the page shows now, in one place: whoever asks sees the same. */
import type { Progress } from "./client";
import type { Calibration } from "./calibration";
import type { Look } from "./look";
import type { Shot } from "./shot";
import type { Result } from "./source/source";

/** What fills the page: the start, a photo on its way, its result, the live camera, or a video. */
export type Stage = "start" | "busy" | "result" | "live" | "video";

/** What can be done with a photo. */
export const PHOTO_MODES = ["depth", "refocus", "cutout", "measure", "space", "effects", "files"] as const;
export type PhotoMode = (typeof PHOTO_MODES)[number];

/** All ways to work with the page; the live camera and a video have no photo. */
export type ModeName = PhotoMode | "live" | "video";

export interface State {
  stage: Stage;
  /** The mode that the next result opens in. */
  mode: PhotoMode;
  look: Look;
  /** By name; "" is the service's own choice. */
  model: string;
  /** What makes metres of the values of the result, where somebody told distances. */
  calibration: Calibration | null;
  result: Result | null;
  /** What was shown last, should the next photo fail. */
  earlier: Result | null;
  progress: Progress;
  /** The video that is to be worked on. */
  film: Shot | null;
}

export const state: State = {
  stage: "start",
  mode: "depth",
  look: { colormap: "inferno", span: null, opacity: 1 },
  model: "",
  calibration: null,
  result: null,
  earlier: null,
  progress: { phase: "upload", share: 0 },
  film: null,
};
