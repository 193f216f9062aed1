/** The histogram of a depth map, from far to near, with handles to drag instead of numbers to type. */
import type { ColormapName } from "./colors";
import { colorTable } from "./colors";
import type { Depth } from "./depth";
import { make } from "./dom";
import { BINS, distributionOf } from "./distribution";

const STEP = 0.01;
const BIG_STEP = 0.1;
const KEYS: Record<string, number> = {
  ArrowLeft: -STEP,
  ArrowDown: -STEP,
  ArrowRight: STEP,
  ArrowUp: STEP,
  PageDown: -BIG_STEP,
  PageUp: BIG_STEP,
};

export interface Handle {
  /** Its place from far (0) to near (1). */
  value: number;
  /** What it is called. */
  label(): string;
  /** Its value in words. */
  words(value: number): string;
}

export class Histogram {
  private readonly canvas = make("canvas", { className: "bars", width: BINS * 4, height: 64 });
  private readonly knobs: HTMLElement[];

  /** Put it into an element; ``onInput`` hears of every move that a person makes. */
  constructor(
    private readonly parent: HTMLElement,
    private readonly handles: readonly Handle[],
    private readonly onInput: () => void,
  ) {
    this.canvas.setAttribute("aria-hidden", "true");
    this.knobs = handles.map((handle, index) => this.knob(handle, index));
    parent.classList.add("histogram");
    parent.append(this.canvas, ...this.knobs);
  }

  /** Draw the bars of a map; ``colour`` tells in what colour map, and how near is which colour. */
  draw(depth: Depth, colormap: ColormapName, place: (near: number) => number): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const { width, height } = this.canvas;
    const table = new Uint8Array(colorTable(colormap).buffer);
    context.clearRect(0, 0, width, height);
    distributionOf(depth).bins.forEach((share, index) => {
      const at = Math.round(Math.min(1, Math.max(0, place((index + 0.5) / BINS))) * 65535) * 4;
      const tall = share ? Math.max(2, Math.sqrt(share) * height) : 0;
      context.fillStyle = `rgb(${table[at]},${table[at + 1]},${table[at + 2]})`;
      context.fillRect(index * 4, height - tall, 4, tall);
    });
  }

  /** Put the knobs where their handles are. */
  place(): void {
    this.handles.forEach((handle, index) => {
      const knob = this.knobs[index] as HTMLElement;
      knob.style.setProperty("--at", String(handle.value));
      knob.setAttribute("aria-label", handle.label());
      knob.setAttribute("aria-valuenow", String(Math.round(handle.value * 100)));
      knob.setAttribute("aria-valuetext", handle.words(handle.value));
    });
  }

  private knob(handle: Handle, index: number): HTMLElement {
    const knob = make("div", { className: "knob", tabIndex: 0 });
    knob.setAttribute("role", "slider");
    knob.setAttribute("aria-valuemin", "0");
    knob.setAttribute("aria-valuemax", "100");
    knob.addEventListener("pointerdown", (event) => knob.setPointerCapture(event.pointerId));
    knob.addEventListener("pointermove", (event) => {
      if (!knob.hasPointerCapture(event.pointerId)) return;
      const box = this.parent.getBoundingClientRect();
      this.move(handle, index, (event.clientX - box.left) / box.width);
    });
    knob.addEventListener("keydown", (event) => {
      const step = KEYS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.move(handle, index, handle.value + step);
    });
    return knob;
  }

  /** Handles never pass each other. */
  private move(handle: Handle, index: number, to: number): void {
    const low = index ? (this.handles[index - 1] as Handle).value + STEP : 0;
    const high = (this.handles[index + 1]?.value ?? 1 + STEP) - STEP;
    handle.value = Math.min(high, Math.max(low, to));
    this.place();
    this.onInput();
  }
}
