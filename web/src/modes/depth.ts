/** Depth: its value under the crosshair, its colours, its opacity over the photo, its files. */
import type { ColormapName } from "../colors";
import { markLegend, nameColours, showLegend, startColours, valueInWords } from "../controls";
import { type Place, hideCrosshair, startCrosshair } from "../crosshair";
import { valueAt } from "../depth";
import { byId, make, show } from "../dom";
import { hand } from "../downloads";
import { failureOf } from "../failures";
import { say } from "../language";
import type { Look } from "../look";
import { FORMATS, type Format, type Wish, keepsake } from "../keepsakes";
import { clearHeat, repaint, shownPhoto } from "../panels";
import { report } from "../problem";
import { state } from "../state";
import type { Key } from "../words";
import type { Mode, Page } from "./mode";

export class DepthMode implements Mode {
  constructor(private readonly page: Page) {
    startColours(state.look.colormap, chooseColours);
    startCrosshair(read);
    byId("opacity", HTMLInputElement).addEventListener("input", changeOpacity);
    byId("save").addEventListener("click", () => void this.save());
  }

  open(): void {
    show(byId("result"), true);
  }

  close(): void {
    show(byId("result"), false);
  }

  words(): void {
    nameColours();
    nameFormats();
    byId("reading").textContent = say("pointerHint");
  }

  forget(): void {
    clearHeat();
    hideCrosshair();
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
  markLegend(depth, state.look, value);
  const words = value === null ? null : valueInWords(depth, value);
  byId("reading").textContent = words ?? say("pointerHint");
  if (isByKey && words) byId("spoken").textContent = words;
  return words;
}

function chooseColours(colormap: ColormapName): void {
  changeLook({ ...state.look, colormap });
}

function changeOpacity(): void {
  const percent = byId("opacity", HTMLInputElement).valueAsNumber;
  byId("opacity-value").textContent = `${percent}%`;
  changeLook({ ...state.look, opacity: percent / 100 });
}

function changeLook(look: Look): void {
  state.look = look;
  if (!state.result) return;
  repaint(look);
  showLegend(state.result.depth, look);
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
