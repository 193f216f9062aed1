/** The live camera in the browser alone: each frame through the network, and its heat map back. */
import { type ColormapName, colorize } from "../src/colors";
import { steps } from "../src/depth";
import { Failure } from "../src/client";
import type { Hears, LiveLook, LiveStream } from "../src/stream";
import type { BrowserNetwork } from "./look";
import { CARD } from "./network";

const LONGEST_PX = 640;
const STEADY = 0.8; // of the ends of the colours before: without it colours flicker

export class BrowserLive implements LiveStream {
  private isOver = false;
  private isBusy = false;
  private seq = 0;
  private colormap: ColormapName;
  private ends: { readonly low: number; readonly high: number } | null = null;

  constructor(
    private readonly network: BrowserNetwork,
    { colormap }: LiveLook,
    private readonly hears: Hears,
  ) {
    this.colormap = colormap as ColormapName;
    queueMicrotask(() => !this.isOver && this.hears.onRoom());
  }

  get hasRoom(): boolean {
    return !this.isBusy && !this.isOver;
  }

  send(frame: Blob): void {
    if (this.hasRoom) void this.look(frame);
  }

  change({ colormap }: LiveLook): void {
    this.colormap = colormap as ColormapName;
  }

  close(): void {
    this.isOver = true;
  }

  private async look(frame: Blob): Promise<void> {
    this.isBusy = true;
    const start = performance.now();
    try {
      const { map, low, high } = await this.network.look(frame, { maxSide: LONGEST_PX });
      const before = this.ends ?? { low, high };
      this.ends = { low: low + (before.low - low) * STEADY, high: high + (before.high - high) * STEADY };
      const { width, height } = map;
      const coloured = colorize(steps({ ...map, kind: CARD.kind, low, high }, width, height, this.ends), this.colormap);
      const picture = await createImageBitmap(new ImageData(coloured, width, height));
      const header = { seq: (this.seq += 1), width, height, timing_ms: { total: performance.now() - start } };
      if (!this.isOver) this.hears.onPicture(picture, header);
    } catch (error) {
      if (!this.isOver) this.hears.onEnd(error instanceof Failure ? error : new Failure("server", String(error)));
      this.isOver = true;
    }
    this.isBusy = false;
    if (!this.isOver) this.hears.onRoom();
  }
}
