/** Effects: choose one, turn its options, see it beside the photo, save it. */
import { type Failure, getPlugins, post } from "./client";
import type { Place } from "./crosshair";
import { byId, make, show } from "./dom";
import { hand, stem, suffixOf } from "./downloads";
import { type Made, clearMade, nameMade, showMade, startResult } from "./effect-result";
import { type Result, SCREEN_PX } from "./estimate";
import { Fields } from "./fields";
import { failureInWords, failureOf } from "./failures";
import { language, say } from "./language";
import { effectName, inOrder, showSummary } from "./names";
import { type Option, type Plugin, isClip, placeOf, placeOption, placeText, queryOf } from "./options";
import { markPlace, startPlaces } from "./places";

const WAIT_MS = 250; // after the last turn of a control

let plugins: Plugin[] = [];
let chosen: Plugin | null = null;
let fields: Fields | null = null;
let result: Result | null = null;
let made: Made | null = null;
let running = new AbortController();
let timer = 0;
let isOpen = false;
let again: () => void = () => undefined;
let tellFailure: (failure: Failure, retry: () => void) => boolean = () => false;
const kept = new Map<string, Map<string, string>>();

/** ``onFailure`` hears of failures first; true where it has told them itself. */
export function startEffects(onFailure: typeof tellFailure): void {
  tellFailure = onFailure;
  byId("effect-make").addEventListener("click", () => void apply());
  byId("effect-retry").addEventListener("click", () => again());
  byId("effect-reset").addEventListener("click", reset);
  byId("effect-save").addEventListener("click", () => void save());
  byId("effect-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void apply();
  });
  startPlaces(pickPlace, () => {
    byId("spoken").textContent = say("placeChosen");
  });
  startResult(() => {
    if (made && isOpen) showNote(say("clipUnplayable"), "", false);
  });
}

/** Show the effects, and the chosen one on the photo of now. */
export async function openEffects(): Promise<void> {
  isOpen = true;
  if (!plugins.length) {
    try {
      plugins = inOrder(await getPlugins("effects"));
    } catch (error) {
      return failed(error, () => void openEffects());
    }
  }
  if (!isOpen) return;
  showNames();
  choose(chosen ?? plugins[0] ?? null);
}

export function closeEffects(): void {
  isOpen = false;
  window.clearTimeout(timer);
  running.abort();
  showPins();
}

/** Another photo, or none: places in the photo before mean nothing in it. */
export function effectsOf(found: Result | null): void {
  keepValues();
  const places = new Set(plugins.flatMap((plugin) => plugin.options.filter(isPixel).map(({ name }) => name)));
  for (const values of kept.values()) for (const name of places) values.delete(name);
  fields = null;
  result = found;
  forgetMade();
}

/** All that is made of words, anew. */
export function showNames(): void {
  const buttons = plugins.map((plugin) => {
    const button = make("button", { type: "button", className: "chip-button" }, effectName(language(), plugin.name));
    button.dataset.effect = plugin.name;
    button.setAttribute("aria-pressed", String(plugin === chosen));
    button.addEventListener("click", () => choose(plugin));
    return button;
  });
  byId("effect-list").replaceChildren(...buttons);
  if (chosen && isOpen) describe(chosen);
}

export const effectTitle = (): string => (chosen ? effectName(language(), chosen.name) : "");

const isPixel = ({ form }: Option): boolean => form === "PIXEL";

function keepValues(): void {
  if (chosen && fields) kept.set(chosen.name, new Map(fields.values));
}

function choose(plugin: Plugin | null): void {
  if (!plugin) return;
  keepValues();
  if (plugin !== chosen) {
    forgetMade();
    fields = null; // those of another effect, whose names may be alike
  }
  chosen = plugin;
  for (const button of byId("effect-list").querySelectorAll<HTMLElement>("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.effect === plugin.name));
  }
  describe(plugin);
  if (!made) void (isClip(plugin) ? undefined : apply());
}

/** Words and controls of an effect, its values as they were left. */
function describe(plugin: Plugin): void {
  keepValues();
  const files = fields?.files ?? new Map<string, File>();
  fields = new Fields(byId("effect-form"), `effect-${plugin.name}`, plugin.options, changed);
  fields.fill(kept.get(plugin.name) ?? new Map(), files);
  showSummary(byId("effect-summary"), plugin);
  byId("right-title").textContent = effectTitle();
  const place = placeOption(plugin);
  show(byId("effect-hint"), place !== null);
  byId("effect-hint").textContent = say(place?.form === "PLACE" ? "pickLight" : "pickFocus");
  show(byId("effect-make"), isClip(plugin));
  byId("effect-save").classList.toggle("primary", !isClip(plugin));
  show(byId("effect-start"), isClip(plugin) && !made);
  nameResult();
  showPins();
}

function changed(): void {
  showPins();
  window.clearTimeout(timer);
  if (chosen && !isClip(chosen)) timer = window.setTimeout(() => void apply(), WAIT_MS);
}

function reset(): void {
  if (!chosen) return;
  kept.delete(chosen.name);
  fields = null;
  describe(chosen);
  changed();
}

/** Ask the service for the effect as it is set now, and show it. */
async function apply(): Promise<void> {
  window.clearTimeout(timer);
  if (!chosen || !fields || !result) return;
  const own = begin();
  const [plugin, on] = [chosen, result];
  try {
    const found = await ask(plugin, isWholeAsked(on), own.signal);
    if (own !== running || !isOpen) return;
    await showMade(found);
    made = found;
    byId("effect-save", HTMLButtonElement).disabled = false;
    nameResult();
    byId("spoken").textContent = say("effectDone", { effect: effectName(language(), plugin.name) });
  } catch (error) {
    if (own === running && isOpen && !own.signal.aborted) failed(error, () => void apply());
  } finally {
    if (own === running) show(byId("effect-wait"), false);
  }
}

function begin(): AbortController {
  running.abort();
  running = new AbortController();
  clearNote();
  show(byId("effect-start"), false);
  show(byId("effect-wait"), true);
  return running;
}

/** Small photos, and those with a mask in their own pixels, are asked for as they are. */
function isWholeAsked(on: Result): boolean {
  return Math.max(on.width, on.height) <= SCREEN_PX || (fields?.files.has("mask") ?? false);
}

async function ask(plugin: Plugin, isWhole: boolean, signal: AbortSignal): Promise<Made> {
  const on = result as Result;
  const photo = { width: on.width, height: on.height };
  const values = fields?.values ?? new Map<string, string>();
  const query = queryOf(plugin.options, values, photo, isWhole ? photo : on.depth);
  const answer = await post(
    `v1/effects/${plugin.name}`,
    { image: on.shot.file, ...Object.fromEntries(fields?.files ?? []) },
    on.shot.name,
    { ...query, model: on.model, ...(!isWhole && { max_side: String(SCREEN_PX) }) },
    () => undefined,
    signal,
  );
  const type = answer.header("Content-Type");
  return { blob: new Blob([answer.body], { type }), suffix: suffixOf(answer), isWhole: isWhole || isClip(plugin) };
}

function forgetMade(): void {
  running.abort();
  made = null;
  clearMade(result);
  show(byId("effect-wait"), false);
  byId("effect-save", HTMLButtonElement).disabled = true;
  clearNote();
}

function nameResult(): void {
  nameMade(say("effectAlt", { effect: effectTitle(), name: result?.shot.name ?? "" }));
}

/** The whole file: as it is shown, or where that is a smaller copy, made anew in the photo's own size. */
async function save(): Promise<void> {
  if (!chosen || !made || !result) return;
  const button = byId("effect-save", HTMLButtonElement);
  const plugin = chosen;
  const name = `${stem(result.shot.name)}.${plugin.name}`;
  button.disabled = true;
  byId("spoken").textContent = say("saving");
  try {
    const whole = made.isWhole ? made : await ask(plugin, true, new AbortController().signal);
    hand(whole.blob, name + whole.suffix);
    byId("spoken").textContent = say("saved", { name: name + whole.suffix });
  } catch (error) {
    failed(error, () => void save());
  } finally {
    button.disabled = false;
  }
}

function failed(error: unknown, retry: () => void): void {
  const failure = failureOf(error);
  again = retry;
  if (tellFailure(failure, retry)) return;
  const isRefused = failure.code === "parameter";
  showNote(isRefused ? say("optionRefused") : failureInWords(failure, result?.shot.name ?? ""), failure.detail, !isRefused);
  fields?.mark(failure.parameter);
}

function showNote(words: string, detail: string, hasRetry: boolean): void {
  byId("effect-problem-text").textContent = words;
  byId("effect-problem-detail").replaceChildren(`${say("serviceSays")} `, make("q", { lang: "en" }, detail));
  show(byId("effect-problem-detail"), detail !== "");
  show(byId("effect-retry"), hasRetry);
  show(byId("effect-problem"), true);
}

function clearNote(): void {
  show(byId("effect-problem"), false);
  fields?.mark("");
}

function pickPlace({ x, y }: Place): boolean {
  const option = isOpen && chosen ? placeOption(chosen) : null;
  if (!option || !fields || !result) return false;
  fields.set(option.name, placeText(option, x, y, result));
  changed();
  return true;
}

/** Mark the chosen place in both pictures. */
function showPins(): void {
  const option = isOpen && chosen ? placeOption(chosen) : null;
  const text = option && (fields?.values.get(option.name) || String(option.default ?? ""));
  markPlace(option && text && result ? placeOf(option, text, result) : null, option !== null);
}
