/** Failures: what they are called, and what can be done about them. */
import { Failure, type FailureCode } from "./client";
import { say } from "./language";

const KEYED: readonly FailureCode[] = ["key", "wrong_key"];
const RETRYABLE: readonly FailureCode[] = [
  "busy",
  "server",
  "offline",
  "dropped",
  "camera_refused",
  "camera_none",
  "camera_in_use",
  "stream_idle",
  "stream_lost",
  "stream_full",
];

/** Whether a key, or another one, would help. */
export const isKeyed = ({ code }: Failure): boolean => KEYED.includes(code);

/** Whether asking again may help. */
export const isRetryable = (failure: Failure): boolean => isKeyed(failure) || RETRYABLE.includes(failure.code);

/** The failure that an error is. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  console.error(error); // our own mistake: for whoever looks into it
  return new Failure("answer");
}

/** The sentence of a failure about a file of that name. */
export function failureInWords(failure: Failure, name: string): string {
  if (failure.code === "busy" && failure.retryAfterS > 0) return say("busyFor", { n: failure.retryAfterS });
  return say(failure.code, { name });
}

/** The sentence of a failure to make something with options. */
export function refusalInWords(failure: Failure, name: string): string {
  return failure.code === "parameter" ? say("optionRefused") : failureInWords(failure, name);
}
