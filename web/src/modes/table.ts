/** All modes by name: a new one is a file beside this one and a line here. */
import type { ModeName } from "../state";
import { CutoutMode } from "./cutout";
import { DepthMode } from "./depth";
import { EffectsMode } from "./effects";
import { FilesMode } from "./files";
import { LiveMode } from "./live";
import { MeasureMode } from "./measure";
import type { Mode, Page } from "./mode";
import { MovingMode } from "./moving";
import { RefocusMode } from "./refocus";
import { SpaceMode } from "./space";

export function modesOf(page: Page): Record<ModeName, Mode> {
  return {
    depth: new DepthMode(page),
    refocus: new RefocusMode(page),
    cutout: new CutoutMode(page),
    measure: new MeasureMode(),
    space: new SpaceMode(page),
    effects: new EffectsMode(page),
    files: new FilesMode(page),
    live: new LiveMode(page),
    video: new MovingMode(page),
  };
}
