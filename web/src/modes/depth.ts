/** Depth: its value under the crosshair, its colours, its opacity over the photo, its files. */
import type { ColormapName } from "../colors";
import { markLegend, nameColours, showLegend, startColours, valueInWords } from "../controls";
import { type Place, hideCrosshair, startCrosshair } from "../crosshair";
import { valueAt } from "../depth";
import { byId, show } from "../dom";
import { type Download, download } from "../downloads";
import { failureOf } from "../failures";
import { say } from "../language";
import { clearHeat, recolour, showOpacity } from "../panels";
import { report } from "../problem";
import { state } from "../state";
import type { Mode } from "./mode";

export class DepthMode implements Mode {
  constructor() {
    startColours(state.colormap, chooseColours);
    startCrosshair(read);
    byId("opacity", HTMLInputElement).addEventListener("input", changeOpacity);
    for (const what of ["heat", "png16", "npy"] as const) {
      byId(`save-${what}`).addEventListener("click", () => void save(what));
    }
  }

  open(): void {
    show(byId("result"), true);
  }

  close(): void {
    show(byId("result"), false);
  }

  words(): void {
    nameColours();
    byId("reading").textContent = say("pointerHint");
  }

  forget(): void {
    clearHeat();
    hideCrosshair();
  }
}

/** The value under the crosshair: on the scale, in the text below, and for keys spoken. */
function read(place: Place | null, isByKey: boolean): string | null {
  if (!state.result) return null;
  const { depth } = state.result;
  const value = place && valueAt(depth, place.x, place.y);
  markLegend(depth, value);
  const words = value === null ? null : valueInWords(depth, value);
  byId("reading").textContent = words ?? say("pointerHint");
  if (isByKey && words) byId("spoken").textContent = words;
  return words;
}

function chooseColours(name: ColormapName): void {
  state.colormap = name;
  if (!state.result) return;
  recolour(name);
  showLegend(state.result.depth, name);
}

function changeOpacity(): void {
  const percent = byId("opacity", HTMLInputElement).valueAsNumber;
  showOpacity(percent);
  byId("opacity-value").textContent = `${percent}%`;
}

async function save(what: Download): Promise<void> {
  if (!state.result) return;
  const { shot } = state.result;
  const button = byId(`save-${what}`, HTMLButtonElement);
  button.disabled = true;
  byId("spoken").textContent = say("saving");
  try {
    const name = await download(what, state.result, state.colormap);
    byId("spoken").textContent = say("saved", { name });
  } catch (error) {
    report(failureOf(error), shot.name, null);
  } finally {
    button.disabled = false;
  }
}
