/** Where the page starts: who listens to what, and what is said in which language. */
import { Failure } from "./client";
import { firstColormap } from "./controls";
import { describe, OWN_DEPTH, showProgress } from "./describe";
import { byId } from "./dom";
import { showSamples, startIntake } from "./intake";
import { type Language, language, startLanguage, switchLanguage } from "./language";
import { WholePage } from "./page";
import { report, showProblem, startProblems } from "./problem";
import type { DepthSource } from "./source/source";
import { type PhotoMode, state } from "./state";
import { showTheme, startTheme } from "./theme";

/** Start the page with whoever tells depth. */
export function start(source: DepthSource): void {
  startLanguage();
  startTheme();
  state.look = { ...state.look, colormap: firstColormap() };
  const page = new WholePage(source);
  startProblems();
  startIntake(
    (shot) => page.take(shot),
    () => report("noFile", "", null),
  );
  listen(page);
  showWords(page);
  page.enter("start");
  page.loadModels();
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
  showSamples(
    (shot) => page.take(shot),
    () => report(new Failure("offline"), "", null),
  );
  showProblem();
  showProgress();
  if (state.result) describe(state.result);
}
