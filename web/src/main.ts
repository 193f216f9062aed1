/** The page: takes a photo in, asks the service, shows the answer. */
import { Failure, type Progress, getModels } from "./client";
import {
  firstColormap,
  markLegend,
  nameColours,
  showFacts,
  showLegend,
  startColours,
  startModels,
  valueInWords,
} from "./controls";
import { type Place, hideCrosshair, startCrosshair } from "./crosshair";
import { extremes, valueAt } from "./depth";
import { byId, make, show } from "./dom";
import { type Download, download } from "./downloads";
import { closeEffects, effectTitle, effectsOf, openEffects, showNames, startEffects } from "./effects";
import { type Result, estimate, preview } from "./estimate";
import { exportsOf, openExports, showFormats, startExports } from "./exports";
import { failureOf, isKeyed, isRetryable } from "./failures";
import { type Shot, showSamples, startIntake } from "./intake";
import { Live, clearLive, showLiveColours } from "./live";
import { type Language, language, say, startLanguage, switchLanguage } from "./language";
import { clearHeat, recolour, showHeat, showOpacity, showPhoto, showStandIn } from "./panels";
import { forgetProblem, report, reportKeyed, showProblem, startProblems } from "./problem";
import { showTheme, startTheme } from "./theme";
import type { Key } from "./words";

type State = "start" | "busy" | "result" | "live";
type Mode = "depth" | "effects" | "files";

let colormap = firstColormap();
let model = "";
let result: Result | null = null;
/** What was shown last, should the next photo fail. */
let earlier: Result | null = null;
let progress: Progress = { phase: "upload", share: 0 };
let running = new AbortController();
let live: Live | null = null;
let mode: Mode = "depth";

function start(): void {
  startLanguage();
  startTheme();
  startColours(colormap, chooseColours);
  startProblems();
  startIntake(take, () => report("noFile", "", null));
  startCrosshair(read);
  startEffects(reportKeyed);
  startExports(reportKeyed);
  listen();
  showWords();
  enter("start");
  loadModels();
}

/** Fill the choice of models; a service that needs a key asks for it here, before a photo was chosen. */
function loadModels(): void {
  void getModels().then(
    (models) => startModels(models, chooseModel),
    (error: unknown) => {
      // without a list there is no choice; the photo itself will tell what else is wrong
      if (error instanceof Failure) reportKeyed(error, loadModels);
    },
  );
}

function listen(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-language]")) {
    button.addEventListener("click", () => {
      switchLanguage(button.dataset.language as Language);
      showWords();
    });
  }
  byId("cancel").addEventListener("click", cancel);
  byId("opacity", HTMLInputElement).addEventListener("input", changeOpacity);
  for (const what of ["heat", "png16", "npy"] as const) {
    byId(`save-${what}`).addEventListener("click", () => void save(what));
  }
  for (const button of document.querySelectorAll<HTMLElement>("[data-mode]")) {
    button.addEventListener("click", () => chooseMode(button.dataset.mode as Mode));
  }
  byId("live-start").addEventListener("click", () => void startLive());
  byId("live-stop").addEventListener("click", stopLive);
  byId("live-shot").addEventListener("click", () => void keepShot());
  byId("live-colours", HTMLSelectElement).addEventListener("change", recolourLive);
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (document.documentElement.dataset.state === "busy") cancel();
    if (live) stopLive();
  });
  window.addEventListener("pagehide", () => live?.stop());
}

/** Everything that is made of words, anew: at the start and when the language changes. */
function showWords(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
  showTheme();
  nameColours();
  showLiveColours(colormap);
  showNames();
  showFormats();
  if (mode === "effects") byId("right-title").textContent = effectTitle();
  showSamples(take, () => report(new Failure("offline"), "", null));
  showProblem();
  showProgress();
  if (result) describe(result);
  byId("reading").textContent = say("pointerHint");
}

function enter(state: State): void {
  document.documentElement.dataset.state = state;
  show(byId("start"), state === "start");
  show(byId("work"), state === "busy" || state === "result");
  show(byId("live"), state === "live");
  show(byId("another"), state === "result");
  show(byId("busy"), state === "busy");
  show(byId("modes"), state === "result");
  showMode(state === "result" ? mode : null);
}

/** What stands on the right and below: depth, an effect, or files; while there is no result, neither. */
function showMode(now: Mode | null): void {
  document.documentElement.dataset.mode = now ?? "";
  show(byId("heat-stage"), now !== "effects");
  show(byId("effect-stage"), now === "effects");
  show(byId("result"), now === "depth");
  show(byId("effects"), now === "effects");
  show(byId("files"), now === "files");
  byId("right-title").textContent = now === "effects" ? effectTitle() : say("heat");
  for (const button of document.querySelectorAll<HTMLElement>("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  if (now === "effects") void openEffects();
  else closeEffects();
  if (now === "files") void openExports();
}

function chooseMode(to: Mode): void {
  mode = to;
  showMode(to);
}

/** A photo came in: show it at once, ask for its depth, show that. */
function take(shot: Shot): void {
  void run(shot, model);
}

async function run(shot: Shot, withModel: string): Promise<void> {
  endLive();
  running.abort();
  const own = (running = new AbortController());
  earlier = result ?? earlier;
  forget();
  onProgress({ phase: "upload", share: 0 });
  byId("name").textContent = shot.name;
  enter("busy");
  byId("cancel").focus({ preventScroll: true });
  try {
    const photoShown = showLeft(shot, own.signal);
    const found = await estimate(shot, withModel, (now) => own === running && onProgress(now), own.signal);
    await photoShown;
    if (own === running) present(found);
  } catch (error) {
    if (own === running && !own.signal.aborted) fail(error, shot, withModel);
  }
}

async function showLeft(shot: Shot, signal: AbortSignal): Promise<void> {
  const isShown = await showPhoto(shot.file, signal);
  if (!signal.aborted) showStandIn(!isShown, shot.name);
}

/** The photo of a file that this browser cannot decode, as the service decodes it. */
async function fetchLeft(shot: Shot, signal: AbortSignal): Promise<void> {
  try {
    const isShown = await showPhoto(await preview(shot, signal), signal);
    if (!signal.aborted) showStandIn(!isShown, shot.name);
  } catch {
    // the words that stand in for the photo stay: its depth is what was asked for
  }
}

function present(found: Result): void {
  result = found;
  effectsOf(found);
  exportsOf(found);
  showHeat(found.depth, colormap);
  describe(found);
  enter("result");
  byId("spoken").textContent = say("done", { name: found.shot.name });
  byId(mode === "effects" ? "photo-stage" : "heat-stage").focus({ preventScroll: true });
  if (!byId("photo-hidden").hidden) void fetchLeft(found.shot, running.signal);
}

/** Words, numbers and legend of a result. */
function describe(found: Result): void {
  const name = found.shot.name;
  const ends = extremes(found.depth);
  const place = (index: number): string => say(`place${index}` as Key);
  byId("photo").setAttribute("aria-label", say("photoAlt", { name }));
  byId("heat").setAttribute(
    "aria-label",
    ends ? say("heatAlt", { name, near: place(ends.near), far: place(ends.far) }) : say("heatAltFlat", { name }),
  );
  byId("warnings").replaceChildren(...found.warnings.map((key) => make("li", {}, say(key))));
  showLegend(found.depth, colormap);
  showFacts(found);
  byId("model", HTMLSelectElement).value = found.model;
}

function forget(): void {
  result = null;
  effectsOf(null);
  exportsOf(null);
  forgetProblem();
  clearHeat();
  hideCrosshair();
  byId("warnings").replaceChildren();
  byId("facts-size").textContent = "";
}

function cancel(): void {
  running.abort();
  forget();
  enter("start");
  byId("spoken").textContent = say("cancelled");
  byId("upload").focus();
}

/** The camera on the left, its heat map on the right, until it is stopped. */
async function startLive(): Promise<void> {
  running.abort();
  endLive();
  forget();
  clearLive();
  showLiveColours(colormap);
  enter("live");
  byId("live-stop").focus({ preventScroll: true });
  const own = (live = new Live({ onFailure: (failure) => failLive(failure) }));
  await own.start(colormap, model);
  if (own === live) byId("spoken").textContent = say("liveOn");
}

function endLive(): void {
  live?.stop();
  live = null;
}

function stopLive(): void {
  endLive();
  enter("start");
  byId("spoken").textContent = say("liveOff");
  byId("live-start").focus();
}

function failLive(failure: Failure): void {
  endLive();
  enter("start");
  report(failure, say("liveCamera"), isRetryable(failure) ? () => void startLive() : null);
}

async function keepShot(): Promise<void> {
  const shot = await live?.shot();
  if (shot) take(shot);
}

function recolourLive(): void {
  const name = byId("live-colours", HTMLSelectElement).value as typeof colormap;
  byId("colours").querySelector<HTMLInputElement>(`input[value=${name}]`)?.click(); // remembered there
  live?.recolour(name);
}

function fail(error: unknown, shot: Shot, withModel: string): void {
  const failure = failureOf(error);
  const again = () => {
    if (isKeyed(failure)) loadModels();
    void run(shot, withModel);
  };
  forget();
  if (earlier) comeBack(earlier);
  else enter("start");
  report(failure, shot.name, isRetryable(failure) ? again : null);
}

/** The result that was there before a photo that failed: nobody loses it by a wrong file. */
function comeBack(last: Result): void {
  byId("name").textContent = last.shot.name;
  void showLeft(last.shot, running.signal);
  present(last);
}

function onProgress(now: Progress): void {
  progress = now;
  showProgress();
}

function showProgress(): void {
  const bar = byId("progress", HTMLProgressElement);
  if (progress.phase === "compute") {
    bar.removeAttribute("value");
    byId("busy-text").textContent = say("computing");
    return;
  }
  bar.value = progress.share;
  const n = Math.round(progress.share * 100);
  byId("busy-text").textContent = say(progress.phase === "upload" ? "uploading" : "receiving", { n });
}

/** The value under the crosshair: on the scale, in the text below, and for keys spoken. */
function read(place: Place | null, isByKey: boolean): string | null {
  if (!result) return null;
  const value = place && valueAt(result.depth, place.x, place.y);
  markLegend(result.depth, value);
  const words = value === null ? null : valueInWords(result.depth, value);
  byId("reading").textContent = words ?? say("pointerHint");
  if (isByKey && words) byId("spoken").textContent = words;
  return words;
}

function chooseColours(name: typeof colormap): void {
  colormap = name;
  if (!result) return;
  recolour(colormap);
  showLegend(result.depth, colormap);
}

function chooseModel(name: string): void {
  model = name;
  if (result) void run(result.shot, name);
}

function changeOpacity(): void {
  const percent = byId("opacity", HTMLInputElement).valueAsNumber;
  showOpacity(percent);
  byId("opacity-value").textContent = `${percent}%`;
}

async function save(what: Download): Promise<void> {
  if (!result) return;
  const { shot } = result;
  const button = byId(`save-${what}`, HTMLButtonElement);
  button.disabled = true;
  byId("spoken").textContent = say("saving");
  try {
    const name = await download(what, result, colormap);
    byId("spoken").textContent = say("saved", { name });
  } catch (error) {
    report(failureOf(error), shot.name, null);
  } finally {
    button.disabled = false;
  }
}

start();
