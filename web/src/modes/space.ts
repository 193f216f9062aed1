/** In 3D: the photo as a surface or points, turned by hand, by itself or by the phone. */
import { metresOf } from "../calibration";
import { metresInWords } from "../controls";
import { valueOfNearness } from "../depth";
import { byId, make, show } from "../dom";
import { hand, stem } from "../downloads";
import { failureOf } from "../failures";
import { say } from "../language";
import { shownPhoto } from "../panels";
import { report } from "../problem";
import type { Result } from "../source/source";
import type { Rule } from "../space/geometry";
import { MOTIONS, type Motion } from "../space/paths";
import type { Space, Style } from "../space/space";
import { state } from "../state";
import type { Key } from "../words";
import type { Mode, Page } from "./mode";

const BUILDING = ["space-body", "space-far", "space-kept", "space-fov"]; // the body is made anew for these
const STYLING = ["space-size", "space-motion", "space-stereo"];
const TILT_DEGREES = 20;

export class SpaceMode implements Mode {
  private space: Space | null = null;
  private loaded: Result | null = null;
  private isOpen = false;
  private ends: [number, number, number][] = [];
  private level: [number, number] | null = null;

  constructor(private readonly page: Page) {
    for (const id of BUILDING) byId(id).addEventListener("input", () => this.rebuild());
    for (const id of STYLING) byId(id).addEventListener("input", () => this.restyle());
    byId("space-reset").addEventListener("click", () => this.space?.reset(rule()));
    byId("space-tilt").addEventListener("click", () => void this.followPhone());
    byId("space-glasses").addEventListener("click", () => void this.enterGlasses());
    for (const name of ["glb", "ply"]) byId(`space-${name}`).addEventListener("click", () => void this.save(name));
    const canvas = byId("space", HTMLCanvasElement);
    canvas.addEventListener("click", (event) => this.measure(event));
    window.addEventListener("deviceorientation", (event) => this.tilt(event));
  }

  open(): void {
    this.isOpen = true;
    show(byId("space-card"), true);
    show(byId("space-stage"), true);
    show(byId("heat-stage"), false);
    byId("right-title").textContent = say("modeSpace");
    show(byId("space-tilt"), "DeviceOrientationEvent" in window && navigator.maxTouchPoints > 0);
    void navigator.xr?.isSessionSupported("immersive-vr").then((isThere) => show(byId("space-glasses"), isThere));
    void this.begin();
  }

  close(): void {
    this.isOpen = false;
    this.space?.stop();
    show(byId("space-card"), false);
    show(byId("space-stage"), false);
    show(byId("heat-stage"), true);
    byId("right-title").textContent = say("heat");
  }

  words(): void {
    fill("space-body", ["mesh", "points"]);
    fill("space-motion", MOTIONS);
    if (this.isOpen) byId("right-title").textContent = say("modeSpace");
    this.tell();
  }

  forget(): void {
    this.loaded = null;
    this.ends = [];
  }

  private async begin(): Promise<void> {
    const [on, photo] = [state.result, shownPhoto()];
    show(byId("space-none"), !photo);
    if (!on || !photo) return;
    try {
      if (!this.space) {
        const { Space } = await import("../space/space");
        this.space = new Space(byId("space", HTMLCanvasElement));
      }
    } catch (error) {
      console.info(error);
      show(byId("space-none"), true);
      return;
    }
    if (!this.isOpen || state.result !== on) return;
    if (this.loaded !== on) this.space.load(photo, on.depth, rule(), style());
    else this.rebuild();
    this.loaded = on;
    this.tell();
  }

  private rebuild(): void {
    this.ends = [];
    this.space?.measure([]);
    this.space?.build(rule(), style());
    this.tell();
  }

  private restyle(): void {
    this.space?.restyle(style());
    this.tell();
  }

  /** The rule by which pixels became points, or what lies between two that were pressed. */
  private tell(): void {
    const on = state.result;
    if (!on) return;
    for (const id of ["space-far", "space-kept", "space-size"]) byId(`${id}-value`).textContent = byId(id, HTMLInputElement).value;
    const isMetric = on.depth.kind === "metric" || state.calibration !== null;
    show(byId("space-far-field"), !isMetric);
    show(byId("space-size-field"), byId("space-body", HTMLSelectElement).value === "points");
    const [a, b] = this.ends;
    const length = a && b && Math.hypot(...a.map((n, i) => n - (b[i] as number)));
    const ruleWords = say(isMetric ? "spaceMetric" : "spaceRule", { n: byId("space-far", HTMLInputElement).value });
    byId("space-rule").textContent = length ? say("tapeLength", { n: metresInWords({ metres: length, sigma: 0 }) }) : ruleWords;
  }

  /** Press two points for the line between them; only metres have lengths. */
  private measure(event: MouseEvent): void {
    const on = state.result;
    if (!on || (on.depth.kind !== "metric" && !state.calibration)) return;
    const box = byId("space").getBoundingClientRect();
    const point = this.space?.pointUnder((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    if (!point) return;
    this.ends = this.ends.length === 2 ? [point] : [...this.ends, point];
    this.space?.measure(this.ends);
    this.tell();
  }

  /** Ask the phone for its tilt, where it wants to be asked. */
  private async followPhone(): Promise<void> {
    const phone = DeviceOrientationEvent as unknown as { requestPermission?: () => Promise<string> };
    const answer = (await phone.requestPermission?.().catch(() => "denied")) ?? "granted";
    const isOn = answer === "granted" && byId("space-tilt").getAttribute("aria-pressed") !== "true";
    byId("space-tilt").setAttribute("aria-pressed", String(isOn));
    this.level = null;
    if (!isOn) this.space?.tiltTo(0, 0);
  }

  private tilt({ beta, gamma }: DeviceOrientationEvent): void {
    if (!this.isOpen || beta === null || gamma === null) return;
    if (byId("space-tilt").getAttribute("aria-pressed") !== "true") return;
    this.level ??= [gamma, beta];
    const share = (now: number, then: number): number => Math.max(-1, Math.min(1, (now - then) / TILT_DEGREES));
    this.space?.tiltTo(share(gamma, this.level[0]), share(beta, this.level[1]));
  }

  private async enterGlasses(): Promise<void> {
    await this.space?.enterGlasses().catch(() => (byId("space-rule").textContent = say("spaceNoGlasses")));
  }

  /** The same body as a file. */
  private async save(name: string): Promise<void> {
    const on = state.result;
    if (!on) return;
    const button = byId(`space-${name}`, HTMLButtonElement);
    button.disabled = true;
    byId("spoken").textContent = say("saving");
    try {
      const { fov, far } = rule();
      const query = { fov: String(fov), ...(on.depth.kind !== "metric" && ends(on, far)) };
      const made = await this.page.source.make({ noun: "exports", name, query, files: new Map() }, on, new AbortController().signal);
      hand(made.blob, `${stem(on.shot.name)}.${name}`);
      byId("spoken").textContent = say("saved", { name: `${stem(on.shot.name)}.${name}` });
    } catch (error) {
      report(failureOf(error), on.shot.name, null);
    } finally {
      button.disabled = false;
    }
  }
}

/** Where a file puts the nearest and the farthest pixel: in metres where those are known. */
function ends({ depth }: Result, far: number): Record<string, string> {
  const [nearest, farthest] = [1, 0].map((near) => {
    const found = state.calibration && metresOf(state.calibration, valueOfNearness(depth, near));
    return found?.metres;
  });
  return nearest && farthest ? { near: String(nearest), far: String(farthest) } : { near: "1", far: String(far) };
}

const number = (id: string): number => byId(id, HTMLInputElement).valueAsNumber;
const rule = (): Rule => ({ fov: number("space-fov") || 60, far: number("space-far"), calibration: state.calibration });

function style(): Style {
  return {
    isMesh: byId("space-body", HTMLSelectElement).value === "mesh",
    pointSize: number("space-size"),
    kept: number("space-kept") / 100,
    isStereo: byId("space-stereo", HTMLInputElement).checked,
    motion: byId("space-motion", HTMLSelectElement).value as Motion,
  };
}

/** The choices of a select in the language of now, the chosen one kept. */
function fill(id: string, values: readonly string[]): void {
  const select = byId(id, HTMLSelectElement);
  const chosen = select.value || (values[0] as string);
  select.replaceChildren(...values.map((value) => make("option", { value }, say(`space_${value}` as Key))));
  select.value = chosen;
}
