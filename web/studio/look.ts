/** The network in its worker, as the page speaks to it: a photo in, a depth map out. */
import { Desk } from "./desk";
import { CARD } from "./network";
import type { Found, Question } from "./worker";

/** How a photo is to be looked at. */
export interface Wish {
  /** The longer side of the map at most; null is the photo's own size. */
  readonly maxSide: number | null;
  /** Length of the network's input in pixels; its own where absent. */
  readonly size?: number | undefined;
}

export class BrowserNetwork {
  private readonly desk = new Desk<Question, Found>(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));

  /** Rejects with a Failure, or with an AbortError where ``signal`` was aborted. */
  look(photo: Blob | ImageBitmap, wish: Wish, signal?: AbortSignal): Promise<Found> {
    const question = { photo, maxSide: wish.maxSide, size: sizeSeen(wish.size) };
    return this.desk.ask(question, photo instanceof Blob ? [] : [photo], signal);
  }
}

/** The length at which the network looks where another is asked for. */
export const sizeSeen = (size: number = CARD.size): number => Math.min(CARD.most, Math.max(CARD.least, size));
