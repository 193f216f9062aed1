/** What the page shows now, in one place: whoever asks sees the same. */
import type { Progress } from "./client";
import type { Look } from "./look";
import type { Result } from "./source/source";

/** What fills the page: the start, a photo on its way, its result, or the live camera. */
export type Stage = "start" | "busy" | "result" | "live";

/** What can be done with a photo. */
export type PhotoMode = "depth" | "effects" | "files";

/** All ways to work with the page; the live camera has no photo. */
export type ModeName = PhotoMode | "live";

export interface State {
  stage: Stage;
  /** The mode that the next result opens in. */
  mode: PhotoMode;
  look: Look;
  /** By name; "" is the service's own choice. */
  model: string;
  result: Result | null;
  /** What was shown last, should the next photo fail. */
  earlier: Result | null;
  progress: Progress;
}

export const state: State = {
  stage: "start",
  mode: "depth",
  look: { colormap: "inferno", span: null, opacity: 1 },
  model: "",
  result: null,
  earlier: null,
  progress: { phase: "upload", share: 0 },
};
