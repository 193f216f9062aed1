/** What stands below the pictures: legend, colours, opacity, model, facts. */
import { COLORMAPS, type ColormapName, drawGradient } from "./colors";
import { type Depth, nearness, valueOfNearness } from "./depth";
import { shareBehind } from "./distribution";
import { byId, make, show } from "./dom";
import { language, recall, remember, say } from "./language";
import { type Metres, metresOf } from "./calibration";
import { type Look, spanOf } from "./look";
import { modelTitle } from "./names";
import { state } from "./state";
import type { Model } from "./client";
import type { Result } from "./source/source";

const STORED = "nearfar.colours";

/** The colour map chosen last time, else inferno. */
export function firstColormap(): ColormapName {
  return COLORMAPS.find((name) => name === recall(STORED)) ?? "inferno";
}

export function startColours(chosen: ColormapName, onChoice: (name: ColormapName) => void): void {
  const swatches = COLORMAPS.map((name) => {
    const input = make("input", { type: "radio", name: "colormap", value: name, checked: name === chosen });
    const canvas = make("canvas", { className: "swatch" });
    drawGradient(canvas, name);
    input.addEventListener("change", () => {
      remember(STORED, name);
      onChoice(name);
    });
    return make("label", { title: colourName(name) }, input, canvas, make("span", { id: `colour-${name}` }));
  });
  byId("colours").replaceChildren(...swatches);
}

/** Write the names of the colour maps in the language of now. */
export function nameColours(): void {
  for (const name of COLORMAPS) byId(`colour-${name}`).textContent = colourName(name);
}

export function colourName(name: ColormapName): string {
  return name === "grey" ? say("grey") : name.charAt(0).toUpperCase() + name.slice(1);
}

/** The scale from far to near, with metres at its ends where the values have them. */
export function showLegend(depth: Depth, look: Look): void {
  const { low, high } = depth;
  const ends = spanOf(look, depth);
  drawGradient(byId("legend", HTMLCanvasElement), look.colormap, (near) =>
    nearness(depth, valueOfNearness(depth, near), ends),
  );
  const isMetric = depth.kind === "metric";
  byId("legend-far").textContent = say("far") + (isMetric ? ` ${metres(high)}` : "");
  byId("legend-near").textContent = say("near") + (isMetric ? ` ${metres(low)}` : "");
}

/** Mark a value on the scale, or nothing. */
export function markLegend(depth: Depth, value: number | null): void {
  const mark = byId("legend-mark");
  show(mark, value !== null && !Number.isNaN(value));
  if (value !== null) mark.style.setProperty("--x", `${nearness(depth, value) * 100}%`);
}

/** A value in words: metres where it has them, else how near it is in its picture. */
export function valueInWords(depth: Depth, value: number): string {
  if (Number.isNaN(value)) return say("noDepth");
  if (depth.kind === "metric") return metres(value);
  if (state.calibration) {
    const found = metresOf(state.calibration, value);
    return found ? metresInWords(found) : say("tooUncertain");
  }
  return say("nearPercent", { n: Math.round(nearness(depth, value) * 100) });
}

/** Metres with what is uncertain about them. */
export function metresInWords({ metres: found, sigma }: Metres): string {
  return sigma > 0 ? `${metres(found)} ± ${metres(sigma)}` : metres(found);
}

/** A value in words, with its rank in the picture. */
export function rankInWords(depth: Depth, value: number): string {
  const words = valueInWords(depth, value);
  if (Number.isNaN(value) || !(depth.high > depth.low)) return words;
  return `${words} · ${say("rank", { n: Math.round(shareBehind(depth, value) * 100) })}`;
}

export function showFacts(result: Result): void {
  const { depth } = result;
  byId("model-name").textContent = result.model;
  byId("time").textContent = say("seconds", { n: result.seconds.toFixed(2) });
  byId("values").textContent = say(depth.kind);
  byId("facts-size").textContent = `${result.width} × ${result.height}`;
}

/** Offer the models where there is a choice. */
export function startModels(models: readonly Model[], onChoice: (name: string) => void): void {
  const select = byId("model", HTMLSelectElement);
  show(select, models.length > 1);
  show(byId("model-name"), models.length <= 1);
  select.replaceChildren(...models.map(({ name, title }) => make("option", { value: name, title: modelTitle(language(), title) }, name)));
  select.onchange = () => onChoice(select.value); // filled anew when a model has come
}

/** Show which model looks at photos now. */
export function markModel(name: string): void {
  byId("model", HTMLSelectElement).value = name;
}

function metres(value: number): string {
  const digits = value < 10 ? 2 : 1;
  return `${value.toFixed(digits)} ${language() === "zh" ? "米" : "m"}`;
}
