/** Failures in words. */
import type { Failure } from "./client";
import { say } from "./language";

/** The sentence of a failure about a file of that name. */
export function failureInWords(failure: Failure, name: string): string {
  if (failure.code === "busy" && failure.retryAfterS > 0) return say("busyFor", { n: failure.retryAfterS });
  return say(failure.code, { name });
}
