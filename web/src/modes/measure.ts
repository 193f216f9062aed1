/** Measure: known distances make metres of nearness; without them never a metre. */
import {
  type Calibration,
  type KnownPoint,
  type Refusal,
  calibrate,
  calibrationOf,
  floorDistance,
  focalShare,
  metresOf,
  pointAt,
  profileOf,
} from "../calibration";
import { metresInWords, valueInWords } from "../controls";
import { valueAt } from "../depth";
import { OWN_DEPTH } from "../describe";
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { say } from "../language";
import { type NamedMark, setPicker, showMarks } from "../places";
import type { Result } from "../source/source";
import { state } from "../state";
import type { Place } from "../view";
import type { Mode } from "./mode";

const TOOLS = ["known", "floor", "tape"] as const;
type Tool = (typeof TOOLS)[number];

/** A place of which a distance is known, or waited for. */
interface Known {
  readonly place: Place;
  /** As it was typed; empty while it is waited for. */
  text: string;
  readonly isFloor: boolean;
}

export class MeasureMode implements Mode {
  private known: Known[] = [];
  private tape: Place[] = [];
  private tool: Tool = "known";
  private isOpen = false;
  /** By a profile, which holds for photos to come as well. */
  private profile = "";

  constructor() {
    for (const tool of TOOLS) byId(`measure-${tool}`).addEventListener("click", () => this.take(tool));
    for (const id of ["camera-height", "horizon", "measure-fov"]) byId(id).addEventListener("input", () => this.fit());
    byId("measure-clear").addEventListener("click", () => this.clear());
    byId("profile-save").addEventListener("click", () => this.saveProfile());
    byId("profile-load").addEventListener("click", () => byId("profile-file").click());
    byId("profile-file").addEventListener("change", () => void this.loadProfile());
    byId("measure-own").addEventListener("click", () => document.dispatchEvent(new Event(OWN_DEPTH)));
  }

  open(): void {
    this.isOpen = true;
    show(byId("measure"), true);
    byId("right-title").textContent = say("modeMeasure");
    setPicker((place) => this.pick(place));
    if (this.profile && state.result) this.useProfile(state.result);
    this.take(this.tool);
    this.list();
    this.tell("");
  }

  close(): void {
    this.isOpen = false;
    show(byId("measure"), false);
    byId("right-title").textContent = say("heat");
    setPicker(null);
    showMarks([]);
  }

  words(): void {
    if (!this.isOpen) return;
    byId("right-title").textContent = say("modeMeasure");
    this.take(this.tool);
    this.list();
    this.tell("");
  }

  forget(): void {
    this.known = [];
    this.tape = [];
    state.calibration = null;
  }

  private take(tool: Tool): void {
    this.tool = tool;
    for (const each of TOOLS) byId(`measure-${each}`).setAttribute("aria-pressed", String(each === tool));
    show(byId("floor-fields"), tool === "floor");
    byId("measure-hint").textContent = say(`hint_${tool}`);
    const isMetric = state.result?.depth.kind === "metric";
    show(byId("measure-known"), !isMetric);
    show(byId("measure-floor"), !isMetric);
    show(byId("measure-own"), state.result?.warnings.includes("warnOwnDepth") ?? false);
    if (isMetric && tool !== "tape") this.take("tape");
  }

  private pick(place: Place): boolean {
    if (this.tool === "tape") {
      this.tape = this.tape.length === 2 ? [place] : [...this.tape, place];
      this.list();
      this.tell("");
    } else {
      this.known.push({ place, text: "", isFloor: this.tool === "floor" });
      this.list();
      this.fit();
      byId("known-list").querySelector<HTMLInputElement>("li:last-child input")?.focus();
    }
    return true;
  }

  private clear(): void {
    this.known = [];
    this.tape = [];
    this.profile = "";
    state.calibration = null;
    this.list();
    this.tell("");
  }

  /** The points with their distances, and their marks in both pictures. */
  private list(): void {
    byId("known-list").replaceChildren(...this.known.map((known, index) => this.row(known, index)));
    this.mark();
  }

  private row(known: Known, index: number): HTMLElement {
    const input = make("input", { type: "number", min: "0.01", step: "any", className: "exact", value: known.text });
    input.setAttribute("aria-label", say("knownDistance", { which: letter(index) }));
    if (known.isFloor) {
      input.disabled = true;
      const metres = floorMetres(known.place);
      input.value = Number.isNaN(metres) ? "" : metres.toFixed(2);
    }
    input.addEventListener("input", () => {
      known.text = input.value;
      this.fit();
    });
    const remove = make("button", { type: "button", className: "button small quiet" }, say("remove"));
    remove.setAttribute("aria-label", say("removePoint", { which: letter(index) }));
    remove.addEventListener("click", () => {
      this.known = this.known.filter((each) => each !== known);
      this.list();
      this.fit();
    });
    return make("li", {}, make("strong", {}, letter(index)), input, make("span", {}, say("metreUnit")), remove);
  }

  /** Metres out of what is known now; what cannot be is refused in words. */
  private fit(): void {
    const on = state.result;
    if (!on) return;
    for (const [index, known] of this.known.entries()) {
      const input = byId("known-list").querySelectorAll("input")[index];
      if (known.isFloor && input) input.value = Number.isNaN(floorMetres(known.place)) ? "" : floorMetres(known.place).toFixed(2);
    }
    const points = this.known.map(asPoint).filter(({ metres }) => metres > 0);
    const found = calibrate(on.depth, points, on);
    state.calibration = typeof found === "string" ? null : found;
    this.mark();
    this.tell(typeof found === "string" && (points.length > 1 || this.known.length === 0) ? found : "");
  }

  /** The marks alone: the rows stay, somebody may be typing in one. */
  private mark(): void {
    if (!this.isOpen) return;
    const marks: NamedMark[] = this.known.map(({ place }, index) => ({ place, text: letter(index) }));
    const lengths = this.tape.map((place) => ({ place, text: state.result ? wordsAt(state.result, place) : "" }));
    showMarks([...marks, ...lengths]);
  }

  private tell(refusal: Refusal | ""): void {
    const on = state.result;
    if (!on) return;
    const isMetric = on.depth.kind === "metric" || state.calibration !== null;
    const words = refusal ? say(`refusal_${refusal}`) : isMetric ? this.lengthInWords(on) : say("measureFirst");
    byId("measured").textContent = words;
    byId("measured").classList.toggle("bad", refusal !== "" && refusal !== "fewPoints");
    byId("profile-save", HTMLButtonElement).disabled = state.calibration === null;
    byId("spoken").textContent = words;
  }

  /** How well the points fit, and how far apart the two ends of the tape are. */
  private lengthInWords(on: Result): string {
    const fit = state.calibration ? fitInWords(state.calibration) : "";
    const [a, b] = this.tape.map((place) => spotAt(on, place));
    if (!a || !b) return [fit, say("hint_tape")].filter(Boolean).join(" ");
    const length = Math.hypot(...a.point.map((n, i) => n - (b.point[i] as number)));
    const sigma = Math.hypot(a.sigma, b.sigma);
    return [fit, say("tapeLength", { n: metresInWords({ metres: length, sigma }) })].filter(Boolean).join(" ");
  }

  private saveProfile(): void {
    const on = state.result;
    if (!on || !state.calibration) return;
    this.profile = profileOf(state.calibration, on.width, on.height);
    const name = `${stem(on.shot.name)}.camera.json`;
    hand(new Blob([this.profile], { type: "application/json" }), name);
    byId("spoken").textContent = say("saved", { name });
  }

  private async loadProfile(): Promise<void> {
    const input = byId("profile-file", HTMLInputElement);
    this.profile = (await input.files?.[0]?.text()) ?? "";
    input.value = "";
    if (state.result) this.useProfile(state.result);
  }

  private useProfile(on: Result): void {
    state.calibration = calibrationOf(this.profile, on.depth, on.weightsSha256);
    this.list();
    if (state.calibration) this.tell("");
    else byId("measured").textContent = say("profileForeign");
  }
}

const letter = (index: number): string => String.fromCharCode(65 + (index % 26));

const number = (id: string): number => byId(id, HTMLInputElement).valueAsNumber;

function floorMetres(place: Place): number {
  const on = state.result;
  if (!on) return Number.NaN;
  return floorDistance(place, number("horizon") / 100, number("camera-height"), focalShare(number("measure-fov"), on.depth));
}

function asPoint({ place, text, isFloor }: Known): KnownPoint {
  return { place, metres: isFloor ? floorMetres(place) : Number(text) };
}

function wordsAt(on: Result, { x, y }: Place): string {
  return valueInWords(on.depth, valueAt(on.depth, x, y));
}

function fitInWords({ points, errors }: Calibration): string {
  if (points.length < 3) return points.length ? say("fitExact") : say("fitProfile");
  const worst = Math.max(...errors.map((error, i) => Math.abs(error) / (points[i] as KnownPoint).metres));
  return say("fitWorst", { n: (worst * 100).toFixed(0) });
}

/** A place as a point in space, with what is uncertain about it in metres; null where nothing can be told. */
function spotAt(on: Result, place: Place): { point: number[]; sigma: number } | null {
  const value = valueAt(on.depth, place.x, place.y);
  const found = state.calibration ? metresOf(state.calibration, value) : { metres: value, sigma: 0 };
  if (!found || Number.isNaN(found.metres)) return null;
  const point = pointAt(place, found.metres, focalShare(number("measure-fov"), on.depth), on.depth);
  return { point, sigma: found.sigma };
}
