/** Effects: choose one, turn its options, see it beside the photo, save it. */
import { Failure, getPlugins, post } from "./client";
import { crosshairPlace } from "./crosshair";
import { byId, make, show } from "./dom";
import { hand, stem, suffixOf } from "./downloads";
import { type Result, SCREEN_PX } from "./estimate";
import { Fields } from "./fields";
import { failureInWords } from "./failures";
import { language, say } from "./language";
import { effectName, inOrder, showSummary } from "./names";
import { type Option, type Plugin, isClip, placeOf, placeOption, placeText, queryOf } from "./options";

const WAIT_MS = 250; // after the last turn of a control

interface Made {
  readonly blob: Blob;
  readonly suffix: string;
  readonly isWhole: boolean;
}

let plugins: Plugin[] = [];
let chosen: Plugin | null = null;
let fields: Fields | null = null;
let result: Result | null = null;
let made: Made | null = null;
let address = "";
let running = new AbortController();
let timer = 0;
let isOpen = false;
let tellFailure: (failure: Failure, retry: () => void) => boolean = () => false;
const kept = new Map<string, Map<string, string>>();

const image = () => byId("effect-image", HTMLImageElement);
const video = () => byId("effect-video", HTMLVideoElement);

/** ``onFailure`` hears of failures first; true where it has told them itself. */
export function startEffects(onFailure: typeof tellFailure): void {
  tellFailure = onFailure;
  byId("effect-make").addEventListener("click", () => void apply());
  byId("effect-retry").addEventListener("click", () => void apply());
  byId("effect-reset").addEventListener("click", reset);
  byId("effect-save").addEventListener("click", () => void save());
  byId("effect-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void apply();
  });
  for (const id of ["photo-stage", "effect-stage"]) listenToPlaces(byId(id));
  video().addEventListener("error", () => {
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
  fields = new Fields(byId("effect-form"), `effect-${plugin.name}`, plugin.options, changed);
  fields.fill(kept.get(plugin.name) ?? new Map());
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

async function showMade(found: Made): Promise<void> {
  const url = URL.createObjectURL(found.blob);
  const isVideo = found.blob.type.startsWith("video/");
  if (isVideo) video().src = url;
  else {
    image().src = url;
    await image().decode();
  }
  URL.revokeObjectURL(address);
  address = url;
  made = found;
  show(image(), !isVideo);
  show(video(), isVideo);
  if (isVideo) video().onloadedmetadata = () => shape(video().videoWidth, video().videoHeight);
  else shape(image().naturalWidth, image().naturalHeight);
  byId("effect-save", HTMLButtonElement).disabled = false;
  nameResult();
  showPins();
}

function forgetMade(): void {
  running.abort();
  made = null;
  video().removeAttribute("src");
  video().load();
  image().removeAttribute("src");
  URL.revokeObjectURL(address);
  show(image(), false);
  show(video(), false);
  show(byId("effect-wait"), false);
  byId("effect-save", HTMLButtonElement).disabled = true;
  if (result) shape(result.width, result.height);
  clearNote();
}

function nameResult(): void {
  const words = say("effectAlt", { effect: effectTitle(), name: result?.shot.name ?? "" });
  image().alt = words;
  video().setAttribute("aria-label", words);
}

function shape(width: number, height: number): void {
  const ratio = Math.min(5, Math.max(0.2, width / Math.max(1, height)));
  byId("effect-stage").style.setProperty("--ratio", ratio.toFixed(4));
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
  const failure = error instanceof Failure ? error : new Failure("answer");
  if (!(error instanceof Failure)) console.error(error);
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

/** A click, a drag or Enter in the photo, or in a picture of its shape, chooses a place. */
function listenToPlaces(stage: HTMLElement): void {
  const pick = (event: PointerEvent | MouseEvent): void => {
    const box = stage.getBoundingClientRect();
    pickPlace((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  stage.addEventListener("click", pick);
  stage.addEventListener("pointermove", (event) => {
    if (event.buttons === 1 && event.pointerType === "mouse") pick(event);
  });
  stage.addEventListener("keydown", (event) => {
    const place = crosshairPlace();
    if (event.key !== "Enter" || !place || !pickPlace(place.x, place.y)) return;
    event.preventDefault();
    byId("spoken").textContent = say("placeChosen");
  });
}

function pickPlace(x: number, y: number): boolean {
  const option = isOpen && chosen ? placeOption(chosen) : null;
  if (!option || !fields || !result) return false;
  const inside = (share: number): number => Math.min(1, Math.max(0, share));
  fields.set(option.name, placeText(option, inside(x), inside(y), result));
  changed();
  return true;
}

/** Mark the chosen place in both pictures. */
function showPins(): void {
  const option = isOpen && chosen ? placeOption(chosen) : null;
  const text = option && (fields?.values.get(option.name) || String(option.default ?? ""));
  const place = option && text && result ? placeOf(option, text, result) : null;
  for (const stage of ["photo-stage", "effect-stage"]) {
    byId(stage).classList.toggle("pickable", option !== null);
    let pin = byId(stage).querySelector<HTMLElement>(".pin");
    if (!pin) byId(stage).append((pin = make("div", { className: "pin" })));
    show(pin, place !== null);
    pin.style.setProperty("--x", `${(place?.x ?? 0) * 100}%`);
    pin.style.setProperty("--y", `${(place?.y ?? 0) * 100}%`);
  }
}
