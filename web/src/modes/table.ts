/** All modes by name: a new one is a file beside this one and a line here. */
import type { ModeName } from "../state";
import { DepthMode } from "./depth";
import { EffectsMode } from "./effects";
import { FilesMode } from "./files";
import { LiveMode } from "./live";
import type { Mode, Page } from "./mode";

export function modesOf(page: Page): Record<ModeName, Mode> {
  return {
    depth: new DepthMode(page),
    effects: new EffectsMode(page),
    files: new FilesMode(page),
    live: new LiveMode(page),
  };
}
