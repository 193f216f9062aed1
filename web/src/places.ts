/** A place in the photo, chosen by click, drag or key, and marked in both pictures. */
import { type Place, crosshairPlace } from "./crosshair";
import { byId, make, show } from "./dom";

const STAGES = ["photo-stage", "effect-stage"];

const inside = (share: number): number => Math.min(1, Math.max(0, share));

/** ``onPick`` hears of a place and says whether it took it; ``onKey`` hears of those that came by key. */
export function startPlaces(onPick: (place: Place) => boolean, onKey: () => void): void {
  for (const stage of STAGES.map((id) => byId(id))) {
    const pick = (event: MouseEvent): void => {
      const box = stage.getBoundingClientRect();
      onPick({ x: inside((event.clientX - box.left) / box.width), y: inside((event.clientY - box.top) / box.height) });
    };
    stage.addEventListener("click", pick);
    stage.addEventListener("pointermove", (event) => {
      if (event.buttons === 1 && event.pointerType === "mouse") pick(event); // a finger that moves scrolls
    });
    stage.addEventListener("keydown", (event) => {
      const place = crosshairPlace();
      if (event.key !== "Enter" || !place || !onPick(place)) return;
      event.preventDefault();
      onKey();
    });
  }
}

/** Mark a place, or none; ``canPick`` where a click would choose one. */
export function markPlace(place: Place | null, canPick: boolean): void {
  for (const stage of STAGES.map((id) => byId(id))) {
    stage.classList.toggle("pickable", canPick);
    let pin = stage.querySelector<HTMLElement>(".pin");
    if (!pin) stage.append((pin = make("div", { className: "pin" })));
    show(pin, place !== null);
    pin.style.setProperty("--x", `${(place?.x ?? 0) * 100}%`);
    pin.style.setProperty("--y", `${(place?.y ?? 0) * 100}%`);
  }
}
