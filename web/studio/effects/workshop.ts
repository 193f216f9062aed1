/** The worker that makes effects, as the page speaks to it. */
import type { Order, Result } from "../../src/source/source";
import { Desk } from "../desk";
import { sizeSeen } from "../look";
import { networkSize } from "../network";
import type { Errand } from "./maker";

export class Workshop {
  private desk: Desk<Errand, Blob> | null = null;
  private numbers = new WeakMap<object, number>();
  private count = 0;
  private told = 0;
  private last: Promise<unknown> = Promise.resolve();

  /** Rejects with a Failure, or with an AbortError where ``signal`` was aborted; what waits and is not wanted any more is left out. */
  make({ name, query }: Order, on: Result, signal: AbortSignal): Promise<Blob> {
    const made = this.last.then(() => {
      signal.throwIfAborted();
      this.desk ??= new Desk(new Worker(new URL("./maker.ts", import.meta.url), { type: "module" }));
      const photo = this.numberOf(on);
      const isNew = photo !== this.told;
      this.told = photo;
      const seen = networkSize(on.width, on.height, sizeSeen(on.ask.size));
      const given = { file: on.shot.file, depth: on.depth, seen };
      return this.desk.ask({ effect: name, query, photo, ...(isNew && { given }) }, [], signal);
    });
    this.last = made.catch(() => undefined);
    return made;
  }

  private numberOf({ depth }: Result): number {
    const number = this.numbers.get(depth) ?? (this.count += 1);
    this.numbers.set(depth, number);
    return number;
  }
}
