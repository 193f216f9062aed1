/** Depth: its value under the crosshair, its colours, its opacity over the photo, its files. */
import { markLegend, nameColours, rankInWords, showLegend, startColours, valueInWords } from "../controls";
import { hideCrosshair, startCrosshair } from "../crosshair";
import { valueAt } from "../depth";
import { byId, make, show } from "../dom";
import { hand } from "../downloads";
import { failureOf } from "../failures";
import { say } from "../language";
import type { Look } from "../look";
import { FORMATS, type Format, type Wish, keepsake } from "../keepsakes";
import { clearHeat, repaint, shownPhoto } from "../panels";
import { addToPair, forgetPair, markPair, pairInWords } from "../pair";
import { setPicker, showMarks } from "../places";
import { report } from "../problem";
import { Ranging } from "../ranging";
import { state } from "../state";
import type { Place } from "../view";
import type { Key } from "../words";
import type { Mode, Page } from "./mode";

export class DepthMode implements Mode {
  private readonly ranging = new Ranging((span) => this.change({ ...state.look, span }));

  constructor(private readonly page: Page) {
    startColours(state.look.colormap, (colormap) => this.change({ ...state.look, colormap }));
    startCrosshair(read);
    byId("opacity", HTMLInputElement).addEventListener("input", () => this.changeOpacity());
    byId("save").addEventListener("click", () => void this.save());
  }

  open(): void {
    show(byId("result"), true);
    setPicker((place) => pick(place));
    markPair();
    this.showLook();
  }

  close(): void {
    show(byId("result"), false);
    setPicker(null);
    showMarks([]);
  }

  words(): void {
    nameColours();
    nameFormats();
    byId("reading").textContent = say("pointerHint");
    byId("pair").textContent = state.result ? pairInWords(state.result.depth) : "";
    if (state.result) this.showLook();
  }

  forget(): void {
    clearHeat();
    hideCrosshair();
    forgetPair();
    state.look = { ...state.look, span: null };
  }

  private changeOpacity(): void {
    const percent = byId("opacity", HTMLInputElement).valueAsNumber;
    byId("opacity-value").textContent = `${percent}%`;
    this.change({ ...state.look, opacity: percent / 100 });
  }

  private change(look: Look): void {
    state.look = look;
    if (!state.result) return;
    repaint(look);
    this.showLook();
  }

  /** The scale below the pictures as it stands. */
  private showLook(): void {
    if (!state.result) return;
    showLegend(state.result.depth, state.look);
    this.ranging.show(state.result.depth, state.look);
    byId("pair").textContent = pairInWords(state.result.depth);
  }

  private async save(): Promise<void> {
    const on = state.result;
    if (!on) return;
    const button = byId("save", HTMLButtonElement);
    button.disabled = true;
    byId("spoken").textContent = say("saving");
    try {
      const { blob, name } = await keepsake(this.page.source, on, wish(), shownPhoto());
      hand(blob, name);
      byId("spoken").textContent = say("saved", { name });
    } catch (error) {
      report(failureOf(error), on.shot.name, null);
    } finally {
      button.disabled = false;
    }
  }
}

/** The value under the crosshair: on the scale, in the text below, and for keys spoken. */
function read(place: Place | null, isByKey: boolean): string | null {
  if (!state.result) return null;
  const { depth } = state.result;
  const value = place && valueAt(depth, place.x, place.y);
  markLegend(depth, value);
  const words = value === null ? null : valueInWords(depth, value);
  byId("reading").textContent = value === null ? say("pointerHint") : rankInWords(depth, value);
  if (isByKey && words) byId("spoken").textContent = words;
  return words;
}

/** A place that was pressed: the first or the second of two that are compared. */
function pick(place: Place): boolean {
  if (!state.result) return false;
  addToPair(place);
  const words = pairInWords(state.result.depth);
  byId("pair").textContent = words;
  byId("spoken").textContent = words;
  return true;
}

/** The formats in the language of now, the chosen one kept. */
function nameFormats(): void {
  const select = byId("save-format", HTMLSelectElement);
  const chosen = select.value || "png";
  const options = FORMATS.map((value) => make("option", { value }, say(`format_${value}` as Key)));
  select.replaceChildren(...options);
  select.value = chosen;
}

function wish(): Wish {
  return {
    format: byId("save-format", HTMLSelectElement).value as Format,
    isWhole: byId("save-size", HTMLSelectElement).value === "whole",
    look: state.look,
  };
}
