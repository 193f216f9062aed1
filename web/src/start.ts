/** Where the page starts: who listens to what, and what is said in which language. */
import { Failure } from "./client";
import { firstColormap } from "./controls";
import { describe, OWN_DEPTH, showProgress } from "./describe";
import { byId } from "./dom";
import { demoPhotos, showSamples, startIntake } from "./intake";
import { type Language, language, startLanguage, switchLanguage } from "./language";
import { WholePage } from "./page";
import { startGiving } from "./giving";
import { sharedPhotos, startApp } from "./installed";
import { seenPicture } from "./seen";
import { addressOf, applySettings, wordsOfAddress } from "./settings";
import { startComparing } from "./comparing";
import { startPlaces } from "./places";
import { startViewing } from "./viewing";
import { nameQualities } from "./quality";
import { report, showProblem, startProblems } from "./problem";
import type { DepthSource } from "./source/source";
import { PHOTO_MODES, type PhotoMode, state } from "./state";
import { showTheme, startTheme } from "./theme";

/** Start the page with whoever tells depth. */
export function start(source: DepthSource): void {
  startLanguage();
  startTheme();
  state.look = { ...state.look, colormap: firstColormap() };
  const page = new WholePage(source);
  startProblems();
  startViewing();
  startComparing();
  startPlaces();
  startIntake(
    (shots) => page.takeAll(shots),
    () => report("noFile", "", null),
  );
  listen(page);
  showWords(page);
  follow(page);
  startGiving({
    picture: () => seenPicture(source),
    address: () => addressOf({ mode: state.mode, colours: state.look.colormap, ...page.modes.linked() }),
  });
  page.enter("start");
  void page.recent.draw();
  page.loadModels();
  startApp();
}

/** Set the page as the link says with which it was opened; photos that other apps shared come in. */
function follow(page: WholePage): void {
  const words = wordsOfAddress();
  const mode = words.get("mode");
  if (PHOTO_MODES.some((known) => known === mode)) state.mode = mode as PhotoMode;
  const colours = byId("colours").querySelector<HTMLInputElement>(`input[value="${CSS.escape(words.get("colours") ?? "")}"]`);
  colours?.click();
  applySettings(words);
  page.modes.follow(words);
  if (location.hash === "#demo") void demoPhotos(page.source.samples).then((shots) => page.takeAll(shots));
  void sharedPhotos().then((shots) => page.takeAll(shots));
}

function listen(page: WholePage): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-language]")) {
    button.addEventListener("click", () => {
      switchLanguage(button.dataset.language as Language);
      showWords(page);
    });
  }
  for (const button of byId("modes").querySelectorAll<HTMLElement>("[data-mode]")) {
    button.addEventListener("click", () => page.choose(button.dataset.mode as PhotoMode));
  }
  byId("brand").addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "");
    page.home();
  });
  byId("cancel").addEventListener("click", () => page.cancel());
  document.addEventListener(OWN_DEPTH, () => page.takeOwnDepth());
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.stage === "busy") page.cancel();
  });
}

/** Everything that is made of words, anew: at the start and when the language changes. */
function showWords(page: WholePage): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
  showTheme();
  page.modes.words();
  page.cards.draw();
  nameQualities();
  page.tray.draw();
  showSamples(
    page.source.samples,
    (shot) => page.take(shot),
    () => report(new Failure("offline"), "", null),
  );
  showProblem();
  showProgress();
  if (state.result) describe(state.result);
}
