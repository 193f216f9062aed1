/** Before and after in one picture: a line that is drawn across uncovers the photo on its left. */
import { byId, show } from "./dom";

const KEYS: Record<string, number> = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1 };

/** A picture with a photo under it, and the line across it. */
const PLACES = [
  ["heat-stage", "cut"],
  ["effect-stage", "effect-cut"],
] as const;

let isOn = false;
let cut = 0.5;

export function startComparing(): void {
  byId("compare").addEventListener("click", () => compare(!isOn));
  for (const [stage, line] of PLACES) listen(byId(stage), byId(line));
  compare(false);
}

function listen(stage: HTMLElement, line: HTMLElement): void {
  line.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    line.setPointerCapture(event.pointerId);
  });
  line.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    if (!line.hasPointerCapture(event.pointerId)) return;
    const box = stage.getBoundingClientRect();
    move((event.clientX - box.left) / box.width);
  });
  line.addEventListener("click", (event) => event.stopPropagation());
  line.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step === undefined && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    event.stopPropagation();
    move(step === undefined ? Number(event.key === "End") : cut + step);
  });
}

/** Show photo and result in one picture, or side by side. */
export function compare(isWanted: boolean): void {
  isOn = isWanted;
  byId("work").dataset.compare = isOn ? "on" : "off";
  byId("compare").setAttribute("aria-pressed", String(isOn));
  for (const [, line] of PLACES) show(byId(line), isOn);
  move(cut);
}

function move(to: number): void {
  cut = Math.min(1, Math.max(0, to));
  for (const [stage, line] of PLACES) {
    byId(stage).style.setProperty("--cut", String(isOn ? cut : 0));
    byId(line).setAttribute("aria-valuenow", String(Math.round(cut * 100)));
  }
}
