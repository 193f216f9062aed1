/** The browser's own history: Back leads from a photo to the one before, and a reload keeps it. */
import { kept } from "./shelf";
import type { Result } from "./source/source";

interface Mark {
  readonly result: number | null;
}

/** ``onGo`` hears of the result that the browser went back or on to; null is the start. */
export function startTrail(onGo: (result: Result | null) => void): void {
  const go = async (mark: Mark | null): Promise<void> => onGo(mark?.result ? await kept(mark.result) : null);
  window.addEventListener("popstate", (event) => void go(event.state as Mark | null));
  const here = history.state as Mark | null;
  if (here?.result) void go(here);
}

/** A result is shown now, by its number on the shelf. */
export function remark(result: number | null): void {
  const here = history.state as Mark | null;
  if (here?.result !== result) history.pushState({ result } satisfies Mark, "");
}
