/** The page as a whole: its stages, and the way of a photo through them. */
import { Failure, type Progress } from "./client";
import { markModel, startModels } from "./controls";
import { describe, describeNothing, showProgress } from "./describe";
import { byId, show } from "./dom";
import { failureOf, isKeyed, isRetryable } from "./failures";
import { say } from "./language";
import { ModelCards } from "./model-cards";
import { Modes, type Page } from "./modes/mode";
import { modesOf } from "./modes/table";
import { showHeat, showPhoto, showStandIn } from "./panels";
import { forgetProblem, report, reportKeyed } from "./problem";
import { isVideo } from "./moving/film";
import type { Shot } from "./shot";
import { type Ask, type DepthSource, type Result } from "./source/source";
import { askNow, noteSeconds, resetQuality, startQuality } from "./quality";
import { Recent } from "./recent";
import { remark, startTrail } from "./trail";
import { Tray } from "./tray";
import { showAll } from "./viewing";
import { type ModeName, type PhotoMode, type Stage, state } from "./state";

export class WholePage implements Page {
  readonly cards = new ModelCards(
    (name) => this.chooseModel(name),
    () => this.loadModels(),
  );
  readonly modes = new Modes<ModeName>(modesOf(this));
  readonly recent = new Recent((result) => this.show(result));
  readonly tray: Tray;
  private running = new AbortController();

  constructor(readonly source: DepthSource) {
    this.tray = new Tray(source, (shot, result) => (result ? this.show(result) : this.take(shot)));
    startTrail((result) => (result ? this.show(result) : this.home()));
  }

  enter(stage: Stage): void {
    state.stage = stage;
    document.documentElement.dataset.state = stage;
    show(byId("start"), stage === "start");
    show(byId("work"), stage === "busy" || stage === "result");
    show(byId("live"), stage === "live");
    show(byId("moving"), stage === "video");
    show(byId("another"), stage === "result" || stage === "video");
    show(byId("busy"), stage === "busy");
    show(byId("give"), stage === "result");
    show(byId("modes"), stage === "result");
    this.showMode();
  }

  /** Work with the photo in another way. */
  choose(mode: PhotoMode): void {
    state.mode = mode;
    this.showMode();
  }

  /** Photos came in: the first is shown at once, all of them lie in the tray. */
  takeAll(shots: readonly Shot[]): void {
    const [first] = shots;
    if (!first) return;
    const film = shots.find(({ file, name }) => isVideo(file, name));
    if (film) return this.takeFilm(film);
    this.tray.add(shots);
    this.take(first);
  }

  /** A video came in. */
  private takeFilm(film: Shot): void {
    this.clear();
    if (film.file.size === 0) return report(new Failure("empty"), film.name, null);
    state.film = film;
    this.enter("video");
  }

  /** Show a result that was kept. */
  show(result: Result): void {
    this.clear();
    const own = (this.running = new AbortController());
    byId("name").textContent = result.shot.name;
    void showLeft(result.shot, own.signal).then(() => own === this.running && this.settle(result));
  }

  /** Back at the start; the photo is forgotten, not what is kept of it. */
  home(): void {
    this.clear();
    this.enter("start");
    void this.recent.draw();
  }

  /** A photo came in: show it at once, ask for its depth, show that. */
  take(shot: Shot): void {
    if (shot.file.size === 0) report(new Failure("empty"), shot.name, null);
    else void this.run(shot);
  }

  cancel(): void {
    this.clear();
    this.enter("start");
    byId("spoken").textContent = say("cancelled");
    byId("upload").focus();
  }

  clear(): void {
    this.running.abort();
    this.forget();
  }

  /** Fill the choice of models; a service that needs a key asks for it here, before a photo was chosen. */
  loadModels(): void {
    void this.source.models().then(
      (models) => {
        startModels(models.filter((model, place) => model.is_installed || place === 0), (name) => this.chooseModel(name));
        this.cards.fill(models);
        const here = models.filter(({ is_installed: isInstalled }) => isInstalled).map(({ name }) => name);
        startQuality(here, this.source.place, () => this.lookAgain());
      },
      (error: unknown) => {
        // without a list there is no choice; the photo itself will tell what else is wrong
        if (error instanceof Failure) reportKeyed(error, () => this.loadModels());
      },
    );
  }

  /** Do the photo of the result again, with the depth that it carries itself. */
  takeOwnDepth(): void {
    if (state.result) void this.run({ ...state.result.shot, ownDepth: true });
  }

  /** Look at the same photo in the way that is chosen now. */
  private lookAgain(): void {
    if (state.result) void this.run({ ...state.result.shot, ownDepth: false });
  }

  private chooseModel(name: string): void {
    state.model = name;
    resetQuality();
    markModel(name);
    this.lookAgain();
  }

  private showMode(): void {
    const isResult = state.stage === "result";
    document.documentElement.dataset.showing = isResult ? state.mode : "";
    for (const button of byId("modes").querySelectorAll<HTMLElement>("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === state.mode));
    }
    this.modes.show(isResult ? state.mode : state.stage === "live" || state.stage === "video" ? state.stage : null);
  }

  private async run(shot: Shot, ask: Ask = askNow()): Promise<void> {
    state.earlier = state.result ?? state.earlier;
    this.clear();
    const own = (this.running = new AbortController());
    onProgress({ phase: "upload", share: 0 });
    byId("name").textContent = shot.name;
    this.enter("busy");
    byId("cancel").focus({ preventScroll: true });
    try {
      const photoShown = showLeft(shot, own.signal);
      const found = await this.source.estimate(shot, ask, (now) => own === this.running && onProgress(now), own.signal);
      await photoShown;
      if (own === this.running) await this.present(found);
    } catch (error) {
      if (own === this.running && !own.signal.aborted) this.fail(error, shot, ask);
    }
  }

  /** A new result: shown, and kept. */
  private async present(found: Result): Promise<void> {
    this.settle(found);
    noteSeconds(found);
    remark(await this.tray.note(found));
  }

  private settle(found: Result): void {
    state.result = found;
    this.tray.see(found.shot);
    showHeat(found.depth, state.look);
    describe(found);
    if (this.source.place === "service") void this.cards.note(found.model);
    this.enter("result");
    byId("spoken").textContent = say("done", { name: found.shot.name });
    byId(byId("heat-stage").hidden ? "photo-stage" : "heat-stage").focus({ preventScroll: true });
    if (!byId("photo-hidden").hidden) void fetchLeft(this.source, found.shot, this.running.signal);
  }

  private fail(error: unknown, shot: Shot, ask: Ask): void {
    const failure = failureOf(error);
    const again = () => {
      if (isKeyed(failure)) this.loadModels();
      void this.run(shot, ask);
    };
    this.forget();
    if (state.earlier) this.comeBack(state.earlier);
    else this.enter("start");
    this.tray.noteFailure(shot, error);
    report(failure, shot.name, isRetryable(failure) ? again : null);
  }

  /** The result that was there before a photo that failed: nobody loses it by a wrong file. */
  private comeBack(last: Result): void {
    byId("name").textContent = last.shot.name;
    void showLeft(last.shot, this.running.signal);
    this.settle(last);
  }

  private forget(): void {
    state.result = null;
    this.modes.forget();
    showAll();
    forgetProblem();
    describeNothing();
  }
}

async function showLeft(shot: Shot, signal: AbortSignal): Promise<void> {
  const isShown = await showPhoto(shot.file, signal);
  if (!signal.aborted) showStandIn(!isShown, shot.name);
}

/** The photo of a file that this browser cannot decode, as the service decodes it. */
async function fetchLeft(source: DepthSource, shot: Shot, signal: AbortSignal): Promise<void> {
  try {
    const isShown = await showPhoto(await source.preview(shot, signal), signal);
    if (!signal.aborted) showStandIn(!isShown, shot.name);
  } catch {
    // the words that stand in for the photo stay: its depth is what was asked for
  }
}

function onProgress(now: Progress): void {
  state.progress = now;
  showProgress();
}
