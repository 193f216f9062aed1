/** The worker as the page speaks to it: a photo in, a depth map out, each in its turn. */
import { Failure } from "../src/client";
import { CARD } from "./network";
import type { Found, Question, Reply } from "./worker";

/** How a photo is to be looked at. */
export interface Wish {
  /** The longer side of the map at most; null is the photo's own size. */
  readonly maxSide: number | null;
  /** Length of the network's input in pixels; its own where absent. */
  readonly size?: number | undefined;
}

interface Waiting {
  readonly resolve: (found: Found) => void;
  readonly reject: (error: Error) => void;
}

export class BrowserNetwork {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  constructor() {
    this.worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }: MessageEvent<Reply>) => this.settle(data);
    this.worker.onerror = ({ message }) => this.fail(message);
  }

  /** Rejects with a Failure, or with an AbortError where ``signal`` was aborted. */
  look(photo: Blob | ImageBitmap, { maxSide, size = CARD.size }: Wish, signal?: AbortSignal): Promise<Found> {
    return new Promise((resolve, reject) => {
      const id = (this.count += 1);
      this.waiting.set(id, { resolve, reject });
      signal?.addEventListener("abort", () => this.forget(id), { once: true });
      const question: Question = { id, photo, maxSide, size: Math.min(CARD.most, Math.max(CARD.least, size)) };
      this.worker.postMessage(question, photo instanceof Blob ? [] : [photo]);
    });
  }

  private settle(reply: Reply): void {
    const asked = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("found" in reply) asked?.resolve(reply.found);
    else asked?.reject(new Failure(reply.code, reply.detail));
  }

  private forget(id: number): void {
    this.waiting.get(id)?.reject(new DOMException("cancelled", "AbortError"));
    this.waiting.delete(id);
  }

  private fail(detail: string): void {
    for (const { reject } of this.waiting.values()) reject(new Failure("server", detail));
    this.waiting.clear();
  }
}
