/** A place in the photo, chosen by click, drag or key by the mode that is open; and marks at places. */
import { crosshairPlace } from "./crosshair";
import { byId, make, show } from "./dom";
import { say } from "./language";
import type { Place } from "./view";
import { placeUnder, setPlace, viewNow } from "./viewing";

const STAGES = ["photo-stage", "heat-stage", "effect-stage"];

/** Hears of a place and says whether it took it. */
type Picker = (place: Place) => boolean;

let picker: Picker | null = null;

/** Whoever wants places from now on, or nobody; ``Enter`` at the crosshair chooses one, too. */
export function setPicker(next: Picker | null): void {
  picker = next;
  for (const stage of STAGES) byId(stage).classList.toggle("pickable", next !== null);
}

export function startPlaces(): void {
  for (const stage of STAGES.map((id) => byId(id))) {
    const pick = (event: MouseEvent): void => void picker?.(placeUnder(stage, event));
    stage.addEventListener("click", pick);
    stage.addEventListener("pointermove", (event) => {
      const isDrag = event.buttons === 1 && event.pointerType === "mouse" && viewNow().scale === 1;
      if (isDrag && stage.dataset.picks === "drags") pick(event); // a finger that moves scrolls
    });
    stage.addEventListener("keydown", (event) => {
      const place = crosshairPlace();
      if (event.key !== "Enter" || !place || !picker?.(place)) return;
      event.preventDefault();
      byId("spoken").textContent ||= say("placeChosen");
    });
  }
}

/** Whether drags choose places all the way along, as for a lamp. */
export function pickByDrags(isWanted: boolean): void {
  for (const stage of STAGES) byId(stage).dataset.picks = isWanted ? "drags" : "";
}

/** Mark a place in all pictures, or none. */
export function markPlace(place: Place | null): void {
  for (const stage of STAGES.map((id) => byId(id))) {
    let pin = stage.querySelector<HTMLElement>(".pin:not(.named)");
    if (!pin) stage.append((pin = make("div", { className: "pin" })));
    show(pin, place !== null);
    if (place) setPlace(pin, place);
  }
}

/** A mark with a few letters beside it. */
export interface NamedMark {
  readonly place: Place;
  readonly text: string;
}

/** Show these named marks in photo and depth, and no others. */
export function showMarks(marks: readonly NamedMark[]): void {
  for (const stage of STAGES.slice(0, 2).map((id) => byId(id))) {
    for (const old of stage.querySelectorAll(".pin.named")) old.remove();
    for (const { place, text } of marks) {
      const pin = make("div", { className: "pin named" }, make("span", {}, text));
      setPlace(pin, place);
      stage.append(pin);
    }
  }
}
