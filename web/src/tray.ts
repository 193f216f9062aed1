/** Many photos: they wait their turn in a tray, each with its heat map when it is done; all of them as a ZIP. */
import type { Failure } from "./client";
import { byId, make, show } from "./dom";
import { hand } from "./downloads";
import { failureInWords, failureOf } from "./failures";
import { keepsake } from "./keepsakes";
import { say } from "./language";
import type { Look, Span } from "./look";
import { askNow } from "./quality";
import { KEPT, keep, kept, thumbOf } from "./shelf";
import type { Shot } from "./shot";
import type { DepthSource, Result } from "./source/source";
import { state } from "./state";
import { remark } from "./trail";
import { type Entry, zipped } from "./zip";

interface Item {
  readonly shot: Shot;
  stage: "waiting" | "working" | "done" | "failed";
  /** Where the shelf keeps its result. */
  id: number | null;
  span: Span | null;
  thumb: string;
  failure: Failure | null;
}

const never = new AbortController().signal;

export class Tray {
  private items: Item[] = [];
  private shown: Shot | null = null;
  private isWorking = false;

  /** ``onOpen`` hears of a photo to be shown, with its result where that is still kept. */
  constructor(
    private readonly source: DepthSource,
    private readonly onOpen: (shot: Shot, result: Result | null) => void,
  ) {
    byId("tray-zip").addEventListener("click", () => void this.saveAll());
    byId("tray-clear").addEventListener("click", () => this.clear());
  }

  /** Lay photos into the tray; the first of them is on its way already. */
  add(shots: readonly Shot[]): void {
    if (shots.length === 1 && this.items.length < 2) this.items = []; // one after the other makes no tray
    this.items.push(...shots.map((shot): Item => ({ shot, stage: "waiting", id: null, span: null, thumb: "", failure: null })));
    this.draw();
  }

  /** A photo of the tray is shown on the page, with its result. */
  async note(result: Result): Promise<number | null> {
    const item = this.items.find(({ shot }) => shot === result.shot);
    const id = item?.id ?? (await this.finish(item, result));
    void this.work();
    this.draw();
    return id;
  }

  /** Which photo is shown now. */
  see(shot: Shot): void {
    this.shown = shot;
    this.draw();
  }

  noteFailure(shot: Shot, error: unknown): void {
    const item = this.items.find((each) => each.shot === shot);
    if (item) fail(item, error);
    void this.work();
    this.draw();
  }

  draw(): void {
    show(byId("tray"), this.items.length > 1);
    const ended = this.items.filter(({ stage }) => stage === "done" || stage === "failed").length;
    byId("tray-count").textContent = say("trayCount", { n: ended, all: this.items.length });
    const bar = byId("tray-progress", HTMLProgressElement);
    [bar.max, bar.value] = [this.items.length, ended];
    show(bar, ended < this.items.length);
    byId("tray-zip", HTMLButtonElement).disabled = !this.items.some(({ stage }) => stage === "done");
    byId("tray-list").replaceChildren(...this.items.map((item) => this.tile(item)));
  }

  private tile(item: Item): HTMLElement {
    const words = item.failure ? failureInWords(item.failure, item.shot.name) : say(`tray_${item.stage}`);
    const picture = item.thumb ? make("img", { src: item.thumb, alt: "" }) : make("span", { className: "blank" }, words);
    const button = make("button", { type: "button", className: "tile" }, picture, make("span", { className: "meta" }, item.shot.name));
    button.dataset.stage = item.stage;
    button.setAttribute("aria-label", `${item.shot.name}${say("colon")}${words}`);
    button.setAttribute("aria-pressed", String(item.shot === this.shown));
    button.title = words;
    button.draggable = true;
    button.addEventListener("dragstart", (event) => {
      if (item.id !== null) event.dataTransfer?.setData(KEPT, String(item.id)); // into another tab of this page
    });
    button.addEventListener("click", () => void this.open(item));
    return make("li", {}, button);
  }

  private async open(item: Item): Promise<void> {
    const result = item.id === null ? null : await kept(item.id);
    if (result) remark(item.id);
    this.onOpen(item.shot, result && { ...result, shot: item.shot });
  }

  private clear(): void {
    for (const { thumb } of this.items) URL.revokeObjectURL(thumb);
    this.items = [];
    this.draw();
  }

  /** Do what waits, one after the other. */
  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    for (let item = this.next(); item; item = this.next()) {
      item.stage = "working";
      this.draw();
      try {
        await this.finish(item, await this.source.estimate(item.shot, askNow(), () => undefined, never));
      } catch (error) {
        fail(item, error);
      }
      this.draw();
    }
    this.isWorking = false;
  }

  private next(): Item | undefined {
    return this.items.find(({ stage }) => stage === "waiting");
  }

  private async finish(item: Item | undefined, result: Result): Promise<number | null> {
    const id = await keep(result);
    if (!item) return id;
    item.id = id;
    item.span = { low: result.depth.low, high: result.depth.high };
    item.thumb = URL.createObjectURL(await thumbOf(result));
    item.stage = "done";
    return id;
  }

  private async saveAll(): Promise<void> {
    const button = byId("tray-zip", HTMLButtonElement);
    button.disabled = true;
    byId("spoken").textContent = say("saving");
    hand(await zipped(this.entries()), "nearfar.zip");
    byId("spoken").textContent = say("saved", { name: "nearfar.zip" });
    button.disabled = false;
  }

  /** The heat maps as they are looked at now, in the size of their photos, on request with one range of colours for all. */
  private async *entries(): AsyncGenerator<Entry> {
    const done = this.items.filter(({ stage }) => stage === "done");
    const spans = done.flatMap(({ span }) => (span ? [span] : []));
    const whole = { low: Math.min(...spans.map(({ low }) => low)), high: Math.max(...spans.map(({ high }) => high)) };
    const look: Look = { ...state.look, span: byId("tray-range", HTMLInputElement).checked ? whole : null };
    for (const { id, shot } of done) {
      const result = (id !== null && (await kept(id))) || (await this.source.estimate(shot, askNow(), () => undefined, never));
      const photo = look.opacity < 1 ? await createImageBitmap(shot.file).catch(() => null) : null;
      yield await keepsake(this.source, { ...result, shot }, { format: "png", isWhole: true, look }, photo);
      photo?.close();
    }
  }
}

function fail(item: Item, error: unknown): void {
  item.stage = "failed";
  item.failure = failureOf(error);
}
