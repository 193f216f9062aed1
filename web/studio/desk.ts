/** A worker as the page speaks to it: a question in, an answer out, each in its turn. */
import { Failure, type FailureCode } from "../src/client";

/** What a worker says to the question of that number. */
export type Reply<Found> = { readonly id: number } & (
  | { readonly found: Found }
  | { readonly code: FailureCode; readonly detail: string; readonly parameter?: string }
);

interface Waiting<Found> {
  readonly resolve: (found: Found) => void;
  readonly reject: (error: Error) => void;
}

export class Desk<Question extends object, Found> {
  private readonly waiting = new Map<number, Waiting<Found>>();
  private count = 0;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<Reply<Found>>) => this.settle(data);
    worker.onerror = ({ message }) => this.fail(message);
  }

  /** Rejects with a Failure, or with an AbortError where ``signal`` was aborted. */
  ask(question: Question, transfer: Transferable[] = [], signal?: AbortSignal): Promise<Found> {
    return new Promise((resolve, reject) => {
      const id = (this.count += 1);
      this.waiting.set(id, { resolve, reject });
      signal?.addEventListener("abort", () => this.forget(id), { once: true });
      this.worker.postMessage({ ...question, id }, transfer);
    });
  }

  private settle(reply: Reply<Found>): void {
    const asked = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("found" in reply) asked?.resolve(reply.found);
    else asked?.reject(new Failure(reply.code, reply.detail, 0, reply.parameter ?? ""));
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
