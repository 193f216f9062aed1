/** A result in words: what its pictures show, its warnings, its facts. */
import { showFacts, showLegend } from "./controls";
import { extremes } from "./depth";
import { byId, make } from "./dom";
import { say } from "./language";
import type { Result } from "./source/source";
import { state } from "./state";
import type { Key } from "./words";

/** The event by which people ask for the depth that the photo carries itself. */
export const OWN_DEPTH = "own-depth";

/** Words, numbers and legend of a result, in the language and colours of now. */
export function describe(found: Result): void {
  const name = found.shot.name;
  const ends = extremes(found.depth);
  const place = (index: number): string => say(`place${index}` as Key);
  byId("work-title").textContent = name;
  byId("photo").setAttribute("aria-label", say("photoAlt", { name }));
  byId("heat").setAttribute(
    "aria-label",
    ends ? say("heatAlt", { name, near: place(ends.near), far: place(ends.far) }) : say("heatAltFlat", { name }),
  );
  byId("warnings").replaceChildren(...found.warnings.map((key) => make("li", {}, say(key), ...offers(key))));
  showLegend(found.depth, state.look);
  showFacts(found);
  byId("model", HTMLSelectElement).value = found.model;
}

/** What a warning offers: a photo's own depth can be taken. */
function offers(key: Key): HTMLElement[] {
  if (key !== "warnOwnDepth") return [];
  const take = make("button", { type: "button", className: "button small", id: "own-depth" }, say("takeOwnDepth"));
  take.addEventListener("click", () => document.dispatchEvent(new Event(OWN_DEPTH)));
  return [take];
}

/** Take away what would still tell of the photo before. */
export function describeNothing(): void {
  byId("warnings").replaceChildren();
  byId("facts-size").textContent = "";
}

/** How far the photo on its way has come. */
export function showProgress(): void {
  const { progress } = state;
  const bar = byId("progress", HTMLProgressElement);
  if (progress.phase === "compute") {
    bar.removeAttribute("value");
    byId("busy-text").textContent = say("computing");
    return;
  }
  bar.value = progress.share;
  const n = Math.round(progress.share * 100);
  byId("busy-text").textContent = say(progress.phase === "upload" ? "uploading" : "receiving", { n });
}
