/** The crosshair: one place, marked in both pictures, moved by pointer or arrow keys. */
import { byId, make } from "./dom";
import type { Place } from "./view";
import { placeUnder, reveal, setPlace } from "./viewing";

const KEYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STEP = 0.01;
const BIG_STEP = 0.1;

const inside = (n: number): number => Math.min(1, Math.max(0, n));

interface Marks {
  readonly stage: HTMLElement;
  readonly lines: HTMLElement[];
  readonly chip: HTMLElement;
}

let all: Marks[] = [];
let place: Place | null = null;

/**
 * Start following pointer and keys. ``onMove`` hears every move and gives the words for the place, or null
 * while there is nothing to read; ``isByKey`` moves are meant to be spoken.
 */
export function startCrosshair(onMove: (place: Place | null, isByKey: boolean) => string | null): void {
  const go = (to: Place | null, isByKey: boolean): void => {
    place = to;
    if (to && isByKey) reveal(to);
    mark(onMove(to, isByKey));
  };
  all = ["photo-stage", "heat-stage"].map((id) => addMarks(byId(id)));
  for (const { stage } of all) {
    const follow = (event: PointerEvent): void => go(placeUnder(stage, event), false);
    stage.addEventListener("pointermove", follow);
    stage.addEventListener("pointerdown", follow);
    stage.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") go(null, false); // a finger that lifts leaves its mark
    });
    stage.addEventListener("keydown", (event) => {
      const direction = KEYS[event.key];
      if (!direction || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      go(moved(place ?? { x: 0.5, y: 0.5 }, direction, event.shiftKey ? BIG_STEP : STEP), true);
    });
    stage.addEventListener("blur", () => go(null, false));
  }
}

/** Where the crosshair stands, or null. */
export const crosshairPlace = (): Place | null => place;

/** Take the crosshair away, for instance because there is another photo. */
export function hideCrosshair(): void {
  place = null;
  mark(null);
}

export function moved(from: Place, [dx, dy]: [number, number], step: number): Place {
  return { x: inside(from.x + dx * step), y: inside(from.y + dy * step) };
}

function addMarks(stage: HTMLElement): Marks {
  const lines = ["across", "down", "ring"].map((name) => make("div", { className: `line ${name}`, hidden: true }));
  const chip = make("div", { className: "chip", hidden: true });
  chip.setAttribute("aria-hidden", "true"); // spoken apart, and only for keys
  stage.append(...lines, chip);
  return { stage, lines, chip };
}

function mark(words: string | null): void {
  for (const { lines, chip } of all) {
    const isShown = place !== null && words !== null;
    for (const element of [...lines, chip]) {
      element.hidden = !isShown;
      if (!place) continue;
      setPlace(element, place);
    }
    chip.textContent = words;
    chip.classList.toggle("to-left", (place?.x ?? 0) > 0.7);
    chip.classList.toggle("below", (place?.y ?? 1) < 0.15);
  }
}
