/** How finely photos are looked at: a row for each way, and what it takes on this machine. */
import { byId, make } from "./dom";
import { recall, remember, say } from "./language";
import { type Ask, type DepthSource, type Result, SCREEN_PX } from "./source/source";
import { state } from "./state";
import type { Key } from "./words";

export interface Quality {
  readonly name: "fast" | "fine" | "s384" | "s512" | "tiles";
  /** The network it takes; empty is the one that is chosen. */
  readonly model: string;
  readonly look: Pick<Ask, "size" | "hasTiles">;
}

const STORED = "nearfar.seconds";
const FINE = "embedded-fine";

export const QUALITIES: readonly Quality[] = [
  { name: "fast", model: "", look: {} },
  { name: "fine", model: FINE, look: {} },
  { name: "s384", model: "", look: { size: 384 } },
  { name: "s512", model: "", look: { size: 512 } },
  { name: "tiles", model: "", look: { hasTiles: true } },
];

let chosen: Quality = QUALITIES[0] as Quality;
let offered: readonly Quality[] = [chosen];

/** How a photo is to be looked at now. */
export function askNow(): Ask {
  return { model: chosen.model || state.model, maxSide: SCREEN_PX, ...chosen.look };
}

/** Offer the ways that the models at hand and their place allow; ``onChoice`` looks at the photo again. */
export function startQuality(models: readonly string[], place: DepthSource["place"], onChoice: () => void): void {
  offered = QUALITIES.filter(({ model, look }) => (model === "" || models.includes(model)) && (place === "service" || !look.hasTiles));
  const select = byId("quality", HTMLSelectElement);
  select.onchange = () => {
    chosen = offered.find(({ name }) => name === select.value) ?? chosen;
    onChoice();
  };
  nameQualities();
}

/** Another model was chosen: the usual way of looking. */
export function resetQuality(): void {
  chosen = QUALITIES[0] as Quality;
  nameQualities();
}

/** A photo was looked at: what that took here. */
export function noteSeconds({ ask, seconds, shot }: Result): void {
  const found = QUALITIES.find(({ model, look }) => look.size === ask.size && look.hasTiles === ask.hasTiles && (model === ask.model || model === ""));
  const fine = QUALITIES.find(({ model }) => model !== "" && model === ask.model);
  const name = (fine ?? found)?.name;
  if (shot.ownDepth || !name) return;
  remember(STORED, JSON.stringify({ ...known(), [name]: seconds }));
  nameQualities();
}

/** The ways in the language of now, with what each took here the last time. */
export function nameQualities(): void {
  const seconds = known();
  const options = offered.map(({ name }) => {
    const took = seconds[name];
    const words = say(`quality_${name}` as Key) + (took === undefined ? "" : ` · ${say("seconds", { n: took.toFixed(2) })}`);
    return make("option", { value: name }, words);
  });
  const select = byId("quality", HTMLSelectElement);
  select.replaceChildren(...options);
  select.value = chosen.name;
}

function known(): Record<string, number> {
  try {
    return JSON.parse(recall(STORED) ?? "{}") as Record<string, number>;
  } catch {
    return {};
  }
}
