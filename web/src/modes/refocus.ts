/** Refocus: a tap chooses what is sharp, the blur follows at once; the large result is made when it is saved. */
import { markLegend } from "../controls";
import { nearness, valueAt, valueOfNearness } from "../depth";
import { valueInWords } from "../controls";
import { nearnessBehind } from "../distribution";
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { failureOf } from "../failures";
import { type Handle, Histogram } from "../histogram";
import { language, say } from "../language";
import type { Aperture, Care, Machine } from "../lens/lens";
import { openLens } from "../lens/open";
import { SHAPES, type Shape } from "../lens/taps";
import { choiceName } from "../names";
import { shownPhoto } from "../panels";
import { markPlace, pickByDrags, setPicker } from "../places";
import { report } from "../problem";
import type { Result } from "../source/source";
import { state } from "../state";
import type { Place } from "../view";
import type { Mode, Page } from "./mode";

const FINE: Care = { taps: 80, scale: 1, strips: 12 };
const FRAME_MS = 28; // longer, and fewer taps are taken while something moves, of a smaller picture
const FEWEST_TAPS = 10;
const REST_MS = 200;
const NEAREST_SHARE = 0.9; // the focus before anybody chose one: what the nearest tenth begins with

export class RefocusMode implements Mode {
  private lens: Machine | null = null;
  private opening: Promise<Machine> | null = null;
  private loaded: Result | null = null;
  private care: Care = { taps: 40, scale: 1, strips: 1 };
  private turn = 0;
  private isDrawing = false;
  private rest = 0;
  private place: Place | null = null;
  private readonly focus: Handle = {
    value: 0.5,
    label: () => say("focusHandle"),
    words: (at) => (state.result ? valueInWords(state.result.depth, valueOfNearness(state.result.depth, at)) : ""),
  };
  private readonly histogram = new Histogram(byId("focus-handle"), [this.focus], () => {
    this.place = null;
    markPlace(null);
    this.change();
  });

  constructor(private readonly page: Page) {
    for (const id of ["aperture", "field", "bloom"]) byId(id).addEventListener("input", () => this.change());
    byId("shape").addEventListener("change", () => this.change());
    byId("refocus-save").addEventListener("click", () => void this.save());
  }

  open(): void {
    show(byId("refocus"), true);
    byId("right-title").textContent = say("modeRefocus");
    setPicker((place) => this.pick(place));
    pickByDrags(true);
    void this.begin();
  }

  close(): void {
    show(byId("refocus"), false);
    show(byId("lens"), false);
    show(byId("heat"), state.result !== null);
    byId("right-title").textContent = say("heat");
    setPicker(null);
    pickByDrags(false);
    markPlace(null);
  }

  words(): void {
    const select = byId("shape", HTMLSelectElement);
    const chosen = select.value || SHAPES[0];
    select.replaceChildren(...SHAPES.map((value) => make("option", { value }, choiceName(language(), value))));
    select.value = chosen;
    if (!byId("refocus").hidden) byId("right-title").textContent = say("modeRefocus");
    this.histogram.place();
  }

  forget(): void {
    this.loaded = null;
    this.place = null;
  }

  private async begin(): Promise<void> {
    const [on, photo] = [state.result, shownPhoto()];
    show(byId("refocus-none"), !photo);
    if (!on || !photo) return;
    try {
      this.lens = await (this.opening ??= openLens(byId("lens", HTMLCanvasElement)));
    } catch (error) {
      console.info(error);
      this.opening = null;
      show(byId("refocus-none"), true);
      return;
    }
    if (state.result !== on || byId("refocus").hidden) return; // meanwhile something else is looked at
    if (this.loaded !== on) {
      this.lens.load(photo, on.depth);
      this.loaded = on;
      this.focus.value = nearnessBehind(on.depth, NEAREST_SHARE);
    }
    this.histogram.draw(on.depth, state.look.colormap, (near) => near);
    show(byId("lens"), true);
    show(byId("heat"), false);
    markPlace(this.place);
    this.change();
  }

  private pick(place: Place): boolean {
    const on = state.result;
    if (!on) return false;
    const value = valueAt(on.depth, place.x, place.y);
    if (Number.isNaN(value)) return false;
    this.place = place;
    this.focus.value = nearness(on.depth, value);
    markPlace(place);
    markLegend(on.depth, value);
    this.change();
    return true;
  }

  /** Draw soon: coarsely where this machine is slow, and once more with care when all is still. */
  private change(): void {
    this.histogram.place();
    for (const id of ["aperture", "field", "bloom"]) byId(`${id}-value`).textContent = byId(id, HTMLInputElement).value;
    this.turn += 1;
    window.clearTimeout(this.rest);
    if (!this.isDrawing) void this.draw();
  }

  /** Draw what is wanted now, again as long as that changes meanwhile, and carefully once it rests. */
  private async draw(): Promise<void> {
    this.isDrawing = true;
    for (let drawn = -1; drawn !== this.turn && this.isShown; ) {
      await new Promise(requestAnimationFrame);
      drawn = this.turn;
      this.adapt((await this.lens?.draw(apertureOf(this.focus.value), this.care, () => true)) ?? 0);
    }
    this.isDrawing = false;
    this.rest = window.setTimeout(() => void this.finish(), REST_MS);
  }

  private async finish(): Promise<void> {
    const turn = this.turn;
    const isWanted = (): boolean => turn === this.turn && this.isShown;
    if (isWanted()) await this.lens?.draw(apertureOf(this.focus.value), FINE, isWanted);
    if (isWanted()) byId("lens").dataset.turn = String(turn);
  }

  private get isShown(): boolean {
    return this.loaded !== null && !byId("lens").hidden;
  }

  private adapt(took: number): void {
    const taps = Math.min(64, Math.max(FEWEST_TAPS, (this.care.taps * FRAME_MS) / Math.max(1, took)));
    const isSlow = taps <= FEWEST_TAPS;
    const scale = isSlow ? Math.max(0.4, this.care.scale * 0.8) : taps > 40 ? Math.min(1, this.care.scale * 1.25) : this.care.scale;
    this.care = { taps, scale, strips: 1 };
    Object.assign(byId("lens").dataset, { by: this.lens?.by, ms: took.toFixed(1), taps: taps.toFixed(0), scale: scale.toFixed(2) });
  }

  /** In the photo's own size by whoever tells depth: the same lens, with outlines on the photo's own. */
  private async save(): Promise<void> {
    const on = state.result;
    if (!on) return;
    const button = byId("refocus-save", HTMLButtonElement);
    button.disabled = true;
    byId("spoken").textContent = say("saving");
    try {
      const query = queryOf(apertureOf(this.focus.value), this.place ?? placeAt(on, this.focus.value), on);
      const order = { noun: "effects", name: "bokeh", query, files: new Map() } as const;
      const made = await this.page.source.make(order, on, new AbortController().signal);
      const name = `${stem(on.shot.name)}.refocus${made.suffix}`;
      hand(made.blob, name);
      byId("spoken").textContent = say("saved", { name });
    } catch (error) {
      report(failureOf(error), on.shot.name, null);
    } finally {
      button.disabled = false;
    }
  }
}

function apertureOf(focus: number): Aperture {
  const number = (id: string): number => byId(id, HTMLInputElement).valueAsNumber;
  return {
    focus,
    strength: number("aperture"),
    field: number("field") / 100,
    shape: byId("shape", HTMLSelectElement).value as Shape,
    highlights: number("bloom"),
  };
}

function queryOf(aperture: Aperture, { x, y }: Place, on: Result): Record<string, string> {
  const inside = (share: number, length: number): number => Math.min(length - 1, Math.floor(share * length));
  return {
    strength: String(aperture.strength),
    depth_of_field: String(aperture.field),
    shape: aperture.shape,
    highlights: String(aperture.highlights),
    focus: `${inside(x, on.width)},${inside(y, on.height)}`,
  };
}

/** A place of the picture that is about that near. */
function placeAt({ depth }: Result, near: number): Place {
  const wanted = valueOfNearness(depth, near);
  let best = 0;
  depth.values.forEach((value, index) => {
    if (Math.abs(value - wanted) < Math.abs((depth.values[best] as number) - wanted)) best = index;
  });
  return { x: ((best % depth.width) + 0.5) / depth.width, y: (Math.floor(best / depth.width) + 0.5) / depth.height };
}
