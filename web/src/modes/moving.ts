/** Video: the clip on the left, its depth on the right; a preview while it runs, then both scrubbed together. */
import { Failure } from "../client";
import { COLORMAPS } from "../colors";
import { colourName } from "../controls";
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { failureOf, isRetryable } from "../failures";
import { hasKey } from "../key";
import { say } from "../language";
import { EFFECTS, type EffectName, type MovingAsk, clock, pipelineOf, playable, wordOf } from "../moving/film";
import { type Finished, type Frames, type MadeVideo, VideoJob } from "../moving/job";
import { Player } from "../moving/player";
import { report } from "../problem";
import type { Shot } from "../shot";
import { state } from "../state";
import type { Mode, Page } from "./mode";

const photo = () => byId("moving-photo", HTMLVideoElement);
const heat = () => byId("moving-heat", HTMLVideoElement);
const preview = () => byId("moving-preview", HTMLImageElement);

export class MovingMode implements Mode {
  private shot: Shot | null = null;
  private job = new VideoJob();
  private running = new AbortController();
  private found: Finished | null = null;
  private now: { readonly key: "movingUpload" | "movingWaiting" | "frames"; readonly share: number; readonly frames: Frames | null } | null = null;
  private readonly player = new Player();
  private urls: string[] = [];

  constructor(private readonly page: Page) {
    byId("moving-cancel").addEventListener("click", () => this.cancel());
    byId("moving-again").addEventListener("click", () => this.shot && void this.run(this.shot));
    byId("moving-save").addEventListener("click", () => void this.save(0));
    byId("moving-save-depth").addEventListener("click", () => void this.save(1));
    photo().addEventListener("loadedmetadata", () => {
      for (const video of [photo(), heat()]) shape(video, photo());
    });
    heat().addEventListener("loadedmetadata", () => shape(heat(), heat()));
    photo().addEventListener("error", () => photo().src && show(byId("moving-hidden"), true));
    window.addEventListener("pagehide", () => this.job.remove());
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.now) this.cancel();
    });
  }

  open(): void {
    if (!state.film || state.film === this.shot) return;
    this.begin(state.film);
  }

  close(): void {
    this.forget();
  }

  forget(): void {
    this.running.abort();
    this.job.remove();
    this.shot = this.found = this.now = null;
    this.clearPictures();
    photo().removeAttribute("src");
    for (const url of this.urls.splice(0)) URL.revokeObjectURL(url);
  }

  words(): void {
    fill("moving-effect", EFFECTS, (name) => say(wordOf(name)));
    fill("moving-colours", COLORMAPS, colourName);
    this.player.words();
    this.tell();
  }

  private begin(shot: Shot): void {
    this.forget();
    this.shot = shot;
    byId("moving-name").textContent = shot.name;
    byId("moving-title").textContent = shot.name;
    show(byId("moving-hidden"), false);
    byId("moving-colours", HTMLSelectElement).value = state.look.colormap;
    photo().src = this.urlOf(shot.file);
    byId("moving-cancel").focus({ preventScroll: true });
    if (this.page.source.place === "service") void this.run(shot);
    else this.refuse(shot);
  }

  /** Videos are not worked on in a browser alone. */
  private refuse(shot: Shot): void {
    this.page.enter("start");
    report(new Failure("video_service"), shot.name, null);
  }

  private async run(shot: Shot): Promise<void> {
    this.running.abort();
    this.job.remove();
    this.clearPictures();
    const own = (this.running = new AbortController());
    const job = (this.job = new VideoJob());
    this.hear("movingUpload", 0, null);
    const hears = {
      sent: (share: number) => own.signal.aborted || this.hear(share < 1 ? "movingUpload" : "movingWaiting", share, null),
      running: (frames: Frames | null) => own.signal.aborted || this.look(job, frames, own.signal),
    };
    try {
      const found = await job.run(shot.file, shot.name, pipelineOf(askNow()), hears, own.signal);
      if (!own.signal.aborted) await this.present(shot, job, found);
    } catch (error) {
      if (!own.signal.aborted) this.fail(error, shot);
    }
  }

  /** How far it is, with the newest picture beside the same moment of the video. */
  private look(job: VideoJob, frames: Frames | null, signal: AbortSignal): void {
    this.hear(frames ? "frames" : "movingWaiting", 0, frames);
    if (!frames) return;
    void job.preview().then((picture) => {
      if (!picture || signal.aborted || this.found) return;
      preview().src = this.urlOf(picture);
      show(preview(), true);
      photo().currentTime = frames.seconds;
    });
  }

  private async present(shot: Shot, job: VideoJob, found: Finished): Promise<void> {
    const [made] = found.files;
    if (!made) throw new Failure("answer");
    const address = hasKey() ? this.urlOf(await job.fetch(made)) : job.addressOf(made); // a player sends no key
    this.found = found;
    this.now = null;
    heat().src = address;
    show(preview(), false);
    show(heat(), true);
    this.player.rest();
    this.tell();
    byId("spoken").textContent = say("movingDone", { name: shot.name, n: found.frames });
    byId("moving-play").focus({ preventScroll: true });
  }

  private fail(error: unknown, shot: Shot): void {
    const failure = failureOf(error);
    this.now = null;
    this.page.enter("start");
    const again = (): void => {
      state.film = shot;
      this.page.enter("video");
    };
    report(failure, shot.name, isRetryable(failure) ? again : null);
  }

  private cancel(): void {
    const wasRunning = this.now !== null;
    this.forget();
    this.page.enter("start");
    if (wasRunning) byId("spoken").textContent = say("movingCancelled");
    byId("upload").focus();
  }

  private async save(place: number): Promise<void> {
    const made = this.found?.files[place];
    if (!made || !this.shot) return;
    const own = this.running.signal;
    try {
      const blob = await this.job.fetch(made);
      if (!own.aborted) hand(blob, fileName(this.shot, made));
    } catch (error) {
      if (!own.aborted) report(failureOf(error), this.shot.name, null);
    }
  }

  private hear(key: "movingUpload" | "movingWaiting" | "frames", share: number, frames: Frames | null): void {
    this.now = { key, share, frames };
    this.tell();
  }

  /** Everything that says how far it is, in the language of now. */
  private tell(): void {
    const { now, found } = this;
    show(byId("moving-run"), now !== null);
    show(byId("moving-player"), found !== null);
    show(byId("moving-save"), found !== null);
    show(byId("moving-save-depth"), (found?.files.length ?? 0) > 1);
    show(byId("moving-again"), found !== null);
    byId("moving-facts").textContent = found ? say("movingFacts", { n: found.frames, cuts: found.cuts }) : "";
    if (!now) return;
    const bar = byId("moving-progress", HTMLProgressElement);
    const share = now.frames ? (now.frames.total ? now.frames.done / now.frames.total : null) : now.key === "movingUpload" ? now.share : null;
    if (share === null) bar.removeAttribute("value");
    else bar.value = Math.min(1, share);
    byId("moving-text").textContent = sentenceOf(now.key, now.share, now.frames);
  }

  private clearPictures(): void {
    this.found = null;
    heat().pause();
    heat().removeAttribute("src");
    heat().load();
    preview().removeAttribute("src");
    show(heat(), false);
    show(preview(), false);
    this.tell();
  }

  private urlOf(blob: Blob): string {
    const url = URL.createObjectURL(blob);
    this.urls.push(url);
    return url;
  }
}

/** Give the stage round a video the shape that one has. */
function shape(video: HTMLVideoElement, like: HTMLVideoElement): void {
  video.parentElement?.style.setProperty("--ratio", String(like.videoWidth / like.videoHeight));
}

/** The settings of now. */
function askNow(): MovingAsk {
  return {
    effect: byId("moving-effect", HTMLSelectElement).value as EffectName,
    colormap: byId("moving-colours", HTMLSelectElement).value,
    model: state.model,
    hasDepth: byId("moving-depth", HTMLInputElement).checked,
    format: playable(),
  };
}

function sentenceOf(key: "movingUpload" | "movingWaiting" | "frames", share: number, frames: Frames | null): string {
  if (key === "movingUpload") return say("movingUpload", { n: Math.round(100 * share) });
  if (key === "movingWaiting" || !frames) return say("movingWaiting");
  const words = { done: frames.done, rate: frames.rate.toFixed(1) };
  if (frames.total === null) return say("movingRunningOpen", words);
  if (frames.left_s === null) return say("movingBegun", { ...words, total: frames.total });
  return say("movingRunning", { ...words, total: frames.total, left: clock(frames.left_s) });
}

function fileName(shot: Shot, made: MadeVideo): string {
  return `${stem(shot.name)}.${made.name}`;
}

/** The choices of a list, in the language of now; what was chosen stays. */
function fill<T extends string>(id: string, names: readonly T[], word: (name: T) => string): void {
  const list = byId(id, HTMLSelectElement);
  const chosen = list.value;
  list.replaceChildren(...names.map((name) => make("option", { value: name }, word(name))));
  if (chosen) list.value = chosen;
}
