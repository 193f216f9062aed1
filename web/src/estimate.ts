/** One photo to what the page shows of it. */
import { type Answer, Failure, type Progress, postDepth } from "./client";
import { type Depth, type DepthKind, makeDepth } from "./depth";
import type { Shot } from "./intake";
import { parseNpy } from "./npy";
import type { Key } from "./words";

export interface Result {
  readonly shot: Shot;
  readonly depth: Depth;
  /** The file as the service sent it; the depth's values are a view of it. */
  readonly npy: ArrayBuffer;
  readonly model: string;
  readonly warnings: readonly Key[];
  readonly seconds: number;
}

const KINDS: readonly string[] = ["relative_inverse", "affine_depth", "metric"];
const WARNINGS: Record<string, Key> = { dark: "warnDark", blown_out: "warnBlownOut", flat: "warnFlat" };

/** Ask the service for the depth of a photo. */
export async function estimate(
  shot: Shot,
  model: string,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Result> {
  const start = performance.now();
  const answer = await postDepth(shot.file, shot.name, { format: "npy", ...(model && { model }) }, onProgress, signal);
  const elapsed = (performance.now() - start) / 1000;
  return {
    shot,
    depth: readDepth(answer),
    npy: answer.body,
    model: answer.header("Nearfar-Model"),
    warnings: warningsOf(answer.header("Nearfar-Warning")),
    seconds: totalSeconds(answer.header("Server-Timing")) ?? elapsed,
  };
}

/** The photo itself as a PNG by the service, for files that the browser cannot decode. */
export async function preview(shot: Shot, signal: AbortSignal): Promise<Blob> {
  const answer = await postDepth(shot.file, shot.name, { format: "png", overlay: "0" }, () => undefined, signal);
  return new Blob([answer.body], { type: "image/png" });
}

/** Words for the service's warnings, ``code: sentence`` each. */
export function warningsOf(header: string): Key[] {
  const codes = [...header.matchAll(/(?:^|, )([a-z_]+): /g)].map((found) => found[1] as string);
  return [...new Set(codes.map((code) => WARNINGS[code] ?? "warnOther"))];
}

/** Seconds of the entry ``total`` of a Server-Timing header, or null. */
export function totalSeconds(header: string): number | null {
  const found = /(?:^|,)\s*total;dur=([\d.]+)/.exec(header);
  return found ? Number(found[1]) / 1000 : null;
}

function readDepth(answer: Answer): Depth {
  const kind = answer.header("Nearfar-Kind");
  try {
    if (!KINDS.includes(kind)) throw new Error(`values of kind '${kind}'`);
    return makeDepth(parseNpy(answer.body), kind as DepthKind);
  } catch (error) {
    console.error(error); // for whoever looks into it; people are told what to do
    throw new Failure("answer");
  }
}
