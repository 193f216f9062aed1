/** Cut out: a tap keeps what hangs together at its depth, a brush adds and takes away, the edge is soft. */
import { fileOf } from "../compose";
import { valueInWords } from "../controls";
import { Cutting, type Ground, drawCut, maskCanvas, maskOf } from "../cut/cutting";
import { valueOfNearness } from "../depth";
import { nearnessBehind } from "../distribution";
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { failureOf } from "../failures";
import { type Handle, Histogram } from "../histogram";
import { say } from "../language";
import { shownPhoto } from "../panels";
import { setPicker } from "../places";
import { forgetProblem, report } from "../problem";
import type { Result } from "../source/source";
import { state } from "../state";
import type { Place } from "../view";
import { keepDrags, placeUnder, viewNow } from "../viewing";
import type { Key } from "../words";
import type { Mode, Page } from "./mode";

const TOOLS = ["add", "away", "brush", "eraser"] as const;
type Tool = (typeof TOOLS)[number];
const GROUNDS = ["clear", "white", "black", "blur", "own"] as const;
const NEAREST_SHARE = 0.7; // kept before anybody chose: the nearest 30 %

export class CutoutMode implements Mode {
  private cutting: Cutting | null = null;
  private loaded: Result | null = null;
  private tool: Tool = "add";
  private places: Place[] = [];
  private frame = 0;
  /** What is asked of the source just now. */
  private asking: AbortController | null = null;
  private readonly low: Handle = { value: 0.5, label: () => say("cutFar"), words: (at) => words(at) };
  private readonly high: Handle = { value: 1, label: () => say("cutNear"), words: (at) => words(at) };
  private readonly histogram = new Histogram(byId("cut-handles"), [this.low, this.high], () => {
    this.cutting?.keepRange(this.low.value, this.high.value);
    this.change();
  });

  constructor(private readonly page: Page) {
    for (const id of ["cut-tolerance", "cut-soft", "cut-size", "cut-ground", "cut-colour"]) {
      byId(id).addEventListener("input", () => this.change());
    }
    byId("cut-objects").addEventListener("input", () => this.take(this.tool));
    for (const tool of TOOLS) byId(`tool-${tool}`).addEventListener("click", () => this.take(tool));
    byId("cut-undo").addEventListener("click", () => this.undo());
    byId("cut-clear").addEventListener("click", () => this.clear());
    byId("cut-save").addEventListener("click", () => void this.save());
    for (const id of ["photo-stage", "heat-stage"]) this.paintOn(byId(id));
  }

  open(): void {
    show(byId("cutting"), true);
    byId("right-title").textContent = say("modeCutout");
    setPicker((place) => this.tap(place));
    this.begin();
    this.take(this.tool);
    void this.page.source.knowsObjects().then((does) => {
      show(byId("cut-objects-field"), does);
      this.take(this.tool);
    });
  }

  close(): void {
    show(byId("cutting"), false);
    show(byId("cut-canvas"), false);
    show(byId("heat"), state.result !== null);
    byId("heat-stage").classList.remove("checks");
    byId("right-title").textContent = say("heat");
    setPicker(null);
    keepDrags(false);
  }

  words(): void {
    const select = byId("cut-ground", HTMLSelectElement);
    const chosen = select.value || "clear";
    select.replaceChildren(...GROUNDS.map((value) => make("option", { value }, say(`ground_${value}` as Key))));
    select.value = chosen;
    if (!byId("cutting").hidden) byId("right-title").textContent = say("modeCutout");
    this.histogram.place();
  }

  forget(): void {
    this.loaded = null;
    this.cutting = null;
    this.asking?.abort();
  }

  private begin(): void {
    const [on, photo] = [state.result, shownPhoto()];
    show(byId("cut-none"), !photo);
    if (!on || !photo) return;
    if (this.loaded !== on) {
      this.loaded = on;
      this.cutting = new Cutting(photo, on.depth);
      this.low.value = nearnessBehind(on.depth, NEAREST_SHARE);
      this.high.value = 1;
      this.cutting.keepRange(this.low.value, 1);
    }
    this.histogram.draw(on.depth, state.look.colormap, (near) => near);
    byId("heat-stage").classList.add("checks");
    show(byId("cut-canvas"), true);
    show(byId("heat"), false);
    this.change();
  }

  private take(tool: Tool): void {
    this.tool = tool;
    for (const each of TOOLS) byId(`tool-${each}`).setAttribute("aria-pressed", String(each === tool));
    const isBrush = tool === "brush" || tool === "eraser";
    keepDrags(isBrush);
    show(byId("cut-size-field"), isBrush);
    show(byId("cut-tolerance-field"), !isBrush && !isByObjects());
    byId("cut-hint").textContent = say(isBrush ? "cutHintBrush" : isByObjects() ? "cutHintObject" : "cutHintTap");
  }

  private tap(place: Place): boolean {
    if (!this.cutting || this.tool === "brush" || this.tool === "eraser") return false;
    if (isByObjects()) {
      void this.tapObject(place, this.tool === "add");
      return true;
    }
    const tolerance = byId("cut-tolerance", HTMLInputElement).valueAsNumber / 100;
    this.cutting.do({ kind: "tap", place, isKept: this.tool === "add", tolerance });
    this.change();
    return true;
  }

  /** The thing at a place, as the source knows it. */
  private async tapObject(place: Place, isKept: boolean): Promise<void> {
    const [on, cutting] = [state.result, this.cutting];
    if (!on || !cutting) return;
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    forgetProblem();
    byId("cut-hint").textContent = byId("spoken").textContent = say("cutLooking");
    try {
      const picture = await createImageBitmap(await this.page.source.objectAt(place, on, asking.signal));
      if (asking.signal.aborted) return;
      cutting.do({ kind: "object", mask: maskOf(picture, cutting.field), isKept });
      this.change();
    } catch (error) {
      if (!asking.signal.aborted) report(failureOf(error), on.shot.name, () => void this.tapObject(place, isKept));
    } finally {
      if (this.asking === asking) this.take(this.tool);
    }
  }

  private paintOn(stage: HTMLElement): void {
    const isPainting = (): boolean => this.cutting !== null && byId("work").dataset.drag === "own";
    stage.addEventListener("pointerdown", (event) => {
      if (!isPainting() || event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      this.places = [placeUnder(stage, event)];
      const radius = byId("cut-size", HTMLInputElement).valueAsNumber / 200 / viewNow().scale;
      this.cutting?.do({ kind: "stroke", places: this.places, isKept: this.tool === "brush", radius });
      this.change();
    });
    stage.addEventListener("pointermove", (event) => {
      if (!isPainting() || !this.places.length || event.buttons !== 1) return;
      this.places.push(placeUnder(stage, event));
      this.change();
    });
    stage.addEventListener("pointerup", () => (this.places = []));
  }

  private undo(): void {
    this.cutting?.undo();
    this.change();
  }

  private clear(): void {
    this.cutting?.clear();
    this.change();
  }

  private change(): void {
    for (const id of ["cut-tolerance", "cut-soft", "cut-size"]) byId(`${id}-value`).textContent = byId(id, HTMLInputElement).value;
    show(byId("cut-colour"), byId("cut-ground", HTMLSelectElement).value === "own");
    this.histogram.place();
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const photo = shownPhoto();
    if (!this.cutting || !photo || byId("cutting").hidden) return;
    byId("cut-undo", HTMLButtonElement).disabled = byId("cut-clear", HTMLButtonElement).disabled = !this.cutting.isBegun;
    const canvas = byId("cut-canvas", HTMLCanvasElement);
    canvas.width = photo.width;
    canvas.height = photo.height;
    drawCut(canvas, photo, maskCanvas(this.cutting.mask(softness()), this.cutting.field), ground());
  }

  /** In the photo's own size. */
  private async save(): Promise<void> {
    const [on, shown] = [state.result, shownPhoto()];
    if (!on || !shown || !this.cutting) return;
    const button = byId("cut-save", HTMLButtonElement);
    button.disabled = true;
    try {
      const photo = await createImageBitmap(on.shot.file).catch(() => shown);
      const canvas = make("canvas", { width: photo.width, height: photo.height });
      drawCut(canvas, photo, maskCanvas(this.cutting.mask(softness()), this.cutting.field), ground());
      const name = `${stem(on.shot.name)}.cutout.png`;
      hand(await fileOf(canvas, "image/png"), name);
      byId("spoken").textContent = say("saved", { name });
    } catch (error) {
      report(failureOf(error), on.shot.name, null);
    } finally {
      button.disabled = false;
    }
  }
}

const isByObjects = (): boolean => !byId("cut-objects-field").hidden && byId("cut-objects", HTMLInputElement).checked;
const softness = (): number => byId("cut-soft", HTMLInputElement).valueAsNumber;

function ground(): Ground {
  const chosen = byId("cut-ground", HTMLSelectElement).value;
  return chosen === "own" ? byId("cut-colour", HTMLInputElement).value : chosen;
}

function words(near: number): string {
  return state.result ? valueInWords(state.result.depth, valueOfNearness(state.result.depth, near)) : "";
}
