/** The values that the colours span, chosen on the histogram. */
import { type Depth, nearness, valueOfNearness } from "./depth";
import { nearnessBehind } from "./distribution";
import { byId } from "./dom";
import { valueInWords } from "./controls";
import { type Handle, Histogram } from "./histogram";
import { say } from "./language";
import { type Look, type Span, spanOf } from "./look";

const TAIL = 0.02; // left out on either side by the button that fits the range

export class Ranging {
  private depth: Depth | null = null;
  private readonly low: Handle = { value: 0, label: () => say("rangeFar"), words: (at) => this.words(at) };
  private readonly high: Handle = { value: 1, label: () => say("rangeNear"), words: (at) => this.words(at) };
  private readonly histogram: Histogram;

  /** ``onChange`` hears of every span that a person chooses; null is the whole map. */
  constructor(private readonly onChange: (span: Span | null) => void) {
    this.histogram = new Histogram(byId("range-handles"), [this.low, this.high], () => this.tell());
    byId("range-whole").addEventListener("click", () => onChange(null));
    byId("range-fit").addEventListener("click", () => this.fit());
  }

  show(depth: Depth, look: Look): void {
    this.depth = depth;
    const { low, high } = spanOf(look, depth);
    const ends = [low, high].map((value) => nearness(depth, value)).sort((a, b) => a - b);
    [this.low.value, this.high.value] = ends as [number, number];
    this.histogram.place();
    this.histogram.draw(depth, look.colormap, (near) => nearness(depth, valueOfNearness(depth, near), { low, high }));
    byId("range-whole").setAttribute("aria-pressed", String(look.span === null));
  }

  private fit(): void {
    if (!this.depth) return;
    this.low.value = nearnessBehind(this.depth, TAIL);
    this.high.value = Math.max(this.low.value + 0.01, nearnessBehind(this.depth, 1 - TAIL));
    this.tell();
  }

  private tell(): void {
    if (!this.depth) return;
    const ends = [this.low.value, this.high.value].map((near) => valueOfNearness(this.depth as Depth, near));
    const isWhole = this.low.value <= 0 && this.high.value >= 1;
    this.onChange(isWhole ? null : { low: Math.min(...ends), high: Math.max(...ends) });
  }

  private words(near: number): string {
    return this.depth ? valueInWords(this.depth, valueOfNearness(this.depth, near)) : "";
  }
}
