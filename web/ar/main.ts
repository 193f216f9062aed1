/** A cube that stands in the camera's picture, and goes behind what is nearer. */
import { closeCamera, grab, openCamera } from "../src/camera";
import { type DepthInformation, DepthStream } from "./depth";
import { type Cube, Scene } from "./scene";
import "../src/styles/theme.css";
import "../src/styles/buttons.css";
import "./style.css";
import { type Key, type Language, usual, word } from "./words";

const LONGEST = 640;
const QUALITY = 0.85;
const TURN_A_SECOND = 0.6;
/** Ends of the distance and edge of the cube: in metres, and in the units of relative depth. */
const METRES = { near: 0.2, far: 5, edge: 0.12, unit: " m" };
const UNITS = { near: 1, far: 10, edge: 0.5, unit: "" };

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const view = byId<HTMLCanvasElement>("view");
const frame = byId<HTMLCanvasElement>("frame");
const video = byId<HTMLVideoElement>("video");
const slider = byId<HTMLInputElement>("far");
const start = byId<HTMLButtonElement>("start");
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

let language: Language = usual();
let told: Key | null = null;
let scene: Scene | null = null;
let camera: MediaStream | null = null;
let stream: DepthStream | null = null;
let waiting: ImageBitmap | null = null;
let scale = UNITS;
let at = { x: 0.5, y: 0.5 };
let frames = 0;

function speak(): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  const put = (id: string, key: Key): void => void (byId(id).textContent = word(key, language));
  for (const [id, key] of [["title", "title"], ["intro", "intro"], ["far-name", "far"], ["back", "back"], ["language", "other"]] as const) put(id, key);
  put("start", stream ? "stop" : "start");
  byId("told").textContent = told ? word(told, language) : "";
  byId("far-told").textContent = `${distance().toFixed(2)}${scale.unit}`;
}

/** The slider is finer where things are near. */
const distance = (): number => scale.near * (scale.far / scale.near) ** slider.valueAsNumber;

const cube = (): Cube => ({
  ...at,
  far: distance(),
  edge: scale.edge,
  turn: isStill ? 0.6 : (performance.now() / 1000) * TURN_A_SECOND,
});

function draw(): void {
  scene?.draw(cube());
  if (stream) requestAnimationFrame(draw);
}

async function sendNext(): Promise<void> {
  const blob = await grab(video, frame, LONGEST, QUALITY);
  if (!stream) return;
  if (!blob) return void setTimeout(() => void sendNext(), 50); // the camera has no picture yet
  waiting = await createImageBitmap(frame);
  stream?.send(blob);
}

function seen(depth: DepthInformation): void {
  if (!waiting) return;
  scene?.take(waiting, depth);
  waiting.close();
  waiting = null;
  scale = depth.isMetric ? METRES : UNITS;
  told = depth.isMetric ? "metres" : "units";
  frames += 1;
  view.dataset["frames"] = String(frames);
  if (frames === 1) speak();
  scene?.draw(cube());
}

function stop(why: Key | null = null): void {
  stream?.close();
  stream = null;
  closeCamera(video, camera);
  camera = null;
  told = why ?? told;
  speak();
}

async function begin(): Promise<void> {
  try {
    scene ??= new Scene(view);
  } catch {
    return stop("noGraphics");
  }
  try {
    camera = await openCamera(video);
  } catch {
    return stop("noCamera");
  }
  frames = 0;
  stream = new DepthStream(() => void sendNext(), seen, () => stop("lost"));
  speak();
  requestAnimationFrame(draw);
}

function moved(event: PointerEvent): void {
  if (event.buttons !== 1) return;
  const box = view.getBoundingClientRect();
  at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  scene?.draw(cube());
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-0.02, 0],
  ArrowRight: [0.02, 0],
  ArrowUp: [0, -0.02],
  ArrowDown: [0, 0.02],
};

view.addEventListener("pointerdown", moved);
view.addEventListener("pointermove", moved);
view.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const inside = (share: number): number => Math.min(1, Math.max(0, share));
  at = { x: inside(at.x + step[0]), y: inside(at.y + step[1]) };
  scene?.draw(cube());
});
slider.addEventListener("input", () => {
  speak();
  scene?.draw(cube());
});
start.addEventListener("click", () => void (stream ? stop() : begin()));
byId("language").addEventListener("click", () => {
  language = language === "en" ? "zh" : "en";
  speak();
});
speak();
