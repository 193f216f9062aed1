/** Before and after in one picture: a line that is drawn across uncovers the photo on its left. */
import { byId, show } from "./dom";

const KEYS: Record<string, number> = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1 };

let isOn = false;
let cut = 0.5;

export function startComparing(): void {
  const line = byId("cut");
  byId("compare").addEventListener("click", () => compare(!isOn));
  line.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    line.setPointerCapture(event.pointerId);
  });
  line.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    if (!line.hasPointerCapture(event.pointerId)) return;
    const box = byId("heat-stage").getBoundingClientRect();
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
  compare(false);
}

/** Show photo and result in one picture, or side by side. */
export function compare(isWanted: boolean): void {
  isOn = isWanted;
  byId("work").dataset.compare = isOn ? "on" : "off";
  byId("compare").setAttribute("aria-pressed", String(isOn));
  show(byId("cut"), isOn);
  move(cut);
}

function move(to: number): void {
  cut = Math.min(1, Math.max(0, to));
  byId("heat-stage").style.setProperty("--cut", String(isOn ? cut : 0));
  byId("cut").setAttribute("aria-valuenow", String(Math.round(cut * 100)));
}
