/** Both pictures seen closer together: by wheel, pinch, drag, keys and buttons; the whole screen. */
import { byId } from "./dom";
import { type Place, type View, WHOLE, panned, revealing, seenAt, zoomed } from "./view";

const STAGES = ["photo-stage", "heat-stage", "effect-stage"];
const STEP = 1.5;
const MIDDLE: Place = { x: 0.5, y: 0.5 };
const DRAG_PX = 4; // less is a click

let view: View = WHOLE;

export const viewNow = (): View => view;

/** The place of the picture under a pointer. */
export function placeUnder(stage: HTMLElement, event: MouseEvent): Place {
  const inside = (n: number): number => Math.min(1, Math.max(0, n));
  const at = seenAt(view, stagePlace(stage, event));
  return { x: inside(at.x), y: inside(at.y) };
}

/** Put an element at a place of the picture, wherever that is seen. */
export function setPlace(element: HTMLElement, place: Place): void {
  element.style.setProperty("--x", String(place.x));
  element.style.setProperty("--y", String(place.y));
}

export function showAll(): void {
  look(WHOLE);
}

/** Move the view so that a place is in it. */
export function reveal(place: Place): void {
  look(revealing(view, place));
}

/** Whether a drag draws, and so does not move the picture. */
export function keepDrags(isKept: boolean): void {
  byId("work").dataset.drag = isKept ? "own" : "";
}

export function startViewing(): void {
  look(WHOLE);
  for (const id of STAGES) listen(byId(id));
  byId("zoom-in").addEventListener("click", () => look(zoomed(view, STEP, MIDDLE)));
  byId("zoom-out").addEventListener("click", () => look(zoomed(view, 1 / STEP, MIDDLE)));
  byId("zoom-fit").addEventListener("click", showAll);
  byId("full").addEventListener("click", toggleFull);
  document.addEventListener("fullscreenchange", () => showFull(document.fullscreenElement !== null));
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("panels").classList.contains("full")) toggleFull();
  });
}

function look(next: View): void {
  view = next;
  const { style, dataset } = byId("work");
  style.setProperty("--vx", String(view.x));
  style.setProperty("--vy", String(view.y));
  style.setProperty("--vs", String(view.scale));
  dataset.zoomed = view.scale > 1 ? "yes" : "no";
  byId("zoom-fit").textContent = `${Math.round(view.scale * 100)}%`;
}

function listen(stage: HTMLElement): void {
  const pointers = new Map<number, PointerEvent>();
  let isDragged = false;
  stage.addEventListener("wheel", (event) => onWheel(stage, event), { passive: false });
  stage.addEventListener("keydown", onKey);
  stage.addEventListener("pointerdown", (event) => {
    if (!pointers.size) isDragged = false;
    pointers.set(event.pointerId, event);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const others = [...pointers.values()].filter(({ pointerId }) => pointerId !== event.pointerId);
    if (others[0]) pinch(stage, before, event, others[0]);
    else if (!mayPan() || (!isDragged && distance(before, event) < DRAG_PX)) return;
    else drag(stage, before, event);
    isDragged = true;
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) {
    stage.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  stage.addEventListener("click", (event) => isDragged && event.stopImmediatePropagation(), { capture: true });
}

const mayPan = (): boolean => view.scale > 1 && byId("work").dataset.drag !== "own";

/** At its whole size a picture leaves the wheel to the page, as long as there is somewhere to go. */
function onWheel(stage: HTMLElement, event: WheelEvent): void {
  const isPages = view.scale === 1 && !event.ctrlKey && (event.deltaY > 0 || window.scrollY > 0);
  if (isPages && !byId("panels").classList.contains("full")) return;
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  look(zoomed(view, Math.exp((-event.deltaY * lines) / 300), stagePlace(stage, event)));
}

function onKey(event: KeyboardEvent): void {
  const factor = { "+": STEP, "=": STEP, "-": 1 / STEP }[event.key];
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (factor) look(zoomed(view, factor, MIDDLE));
  else if (event.key === "0") showAll();
  else if (event.key === "f") toggleFull();
  else return;
  event.preventDefault();
}

function drag(stage: HTMLElement, before: PointerEvent, now: PointerEvent): void {
  const box = stage.getBoundingClientRect();
  look(panned(view, (now.clientX - before.clientX) / box.width, (now.clientY - before.clientY) / box.height));
}

function pinch(stage: HTMLElement, before: PointerEvent, now: PointerEvent, other: PointerEvent): void {
  const factor = distance(now, other) / Math.max(1, distance(before, other));
  const box = stage.getBoundingClientRect();
  const middle = (event: PointerEvent): Place => ({
    x: ((event.clientX + other.clientX) / 2 - box.left) / box.width,
    y: ((event.clientY + other.clientY) / 2 - box.top) / box.height,
  });
  const [from, to] = [middle(before), middle(now)];
  look(panned(zoomed(view, factor, from), to.x - from.x, to.y - from.y));
}

function stagePlace(stage: HTMLElement, event: MouseEvent): Place {
  const box = stage.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

const distance = (a: PointerEvent, b: PointerEvent): number => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

/** The pictures over the whole window, and over the whole screen where the browser lets them. */
function toggleFull(): void {
  const isFull = !byId("panels").classList.contains("full");
  showFull(isFull);
  if (isFull) void byId("panels").requestFullscreen?.().catch(() => undefined);
  else if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
}

function showFull(isFull: boolean): void {
  byId("panels").classList.toggle("full", isFull);
  byId("full").setAttribute("aria-pressed", String(isFull));
}
