/** Video and depth side by side: played together, and scrubbed by one handle. */
import { byId } from "../dom";
import { say } from "../language";
import { clock } from "./film";

const DRIFT_S = 0.08; // by which the two may be apart while they play
const photo = () => byId("moving-photo", HTMLVideoElement);
const heat = () => byId("moving-heat", HTMLVideoElement);
const scrub = () => byId("moving-scrub", HTMLInputElement);

export class Player {
  constructor() {
    byId("moving-play").addEventListener("click", () => this.toggle());
    scrub().addEventListener("input", () => this.seek(Number(scrub().value)));
    for (const video of [photo(), heat()]) video.addEventListener("click", () => this.toggle());
    heat().addEventListener("loadedmetadata", () => this.measure());
    heat().addEventListener("timeupdate", () => this.follow());
    for (const name of ["play", "pause", "ended"]) heat().addEventListener(name, () => this.words());
  }

  /** Go to a second, in both. */
  seek(seconds: number): void {
    photo().currentTime = seconds;
    if (heat().src) heat().currentTime = seconds;
    this.tell(seconds);
  }

  /** Back at the beginning, standing still. */
  rest(): void {
    photo().pause();
    heat().pause();
    this.seek(0);
  }

  words(): void {
    byId("moving-play").textContent = say(heat().paused ? "movingPlay" : "movingPause");
  }

  private toggle(): void {
    if (!heat().src) return;
    if (heat().paused) {
      photo().currentTime = heat().currentTime;
      void heat().play();
      void photo().play().catch(() => undefined); // a file that this browser cannot play
    } else {
      heat().pause();
      photo().pause();
    }
  }

  private measure(): void {
    const { duration } = heat();
    scrub().max = String(Number.isFinite(duration) ? duration : 0);
    this.tell(heat().currentTime);
  }

  /** The depth leads; the video stays with it. */
  private follow(): void {
    const now = heat().currentTime;
    scrub().value = String(now);
    this.tell(now);
    if (!heat().paused && Math.abs(photo().currentTime - now) > DRIFT_S) photo().currentTime = now;
  }

  private tell(seconds: number): void {
    const { duration } = heat();
    byId("moving-time").textContent = `${clock(seconds)} / ${clock(Number.isFinite(duration) ? duration : 0)}`;
  }
}
