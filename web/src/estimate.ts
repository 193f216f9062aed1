/** One photo to what the page shows of it. */
import { type Answer, Failure, type Progress, postDepth } from "./client";
import type { Depth, DepthKind } from "./depth";
import type { Shot } from "./intake";
import { parseNpy } from "./npy";
import type { Key } from "./words";

export interface Result {
  readonly shot: Shot;
  readonly depth: Depth;
  /** Of the upright photo, in pixels; the depth is a smaller copy where the photo is larger than a screen. */
  readonly width: number;
  readonly height: number;
  readonly model: string;
  readonly warnings: readonly Key[];
  readonly seconds: number;
}

/** The longer side of the depth that the page asks for: as much as a panel shows. Files are saved whole. */
export const SCREEN_PX = 1280;

const KINDS: readonly string[] = ["relative_inverse", "affine_depth", "metric"];
const WARNINGS: Record<string, Key> = { dark: "warnDark", blown_out: "warnBlownOut", flat: "warnFlat", own_depth: "warnOwnDepth" };

/** Ask the service for the depth of a photo. */
export async function estimate(
  shot: Shot,
  model: string,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Result> {
  const start = performance.now();
  const look: Record<string, string> = shot.ownDepth ? { own_depth: "true" } : { ...(model && { model }) };
  const query = { format: "npy", max_side: String(SCREEN_PX), ...look };
  const answer = await postDepth(shot.file, shot.name, query, onProgress, signal);
  const elapsed = (performance.now() - start) / 1000;
  return {
    shot,
    depth: readDepth(answer),
    width: Number(answer.header("Nearfar-Photo-Width")),
    height: Number(answer.header("Nearfar-Photo-Height")),
    model: answer.header("Nearfar-Model"),
    warnings: warningsOf(answer.header("Nearfar-Warning")),
    seconds: totalSeconds(answer.header("Server-Timing")) ?? elapsed,
  };
}

/** The part of a query that asks for the depth of a result again: its network, or what the photo carries. */
export function lookOf(found: Result): Record<string, string> {
  return found.shot.ownDepth ? { own_depth: "true" } : { model: found.model };
}

/** The photo itself as a PNG by the service, for files that the browser cannot decode. */
export async function preview(shot: Shot, signal: AbortSignal): Promise<Blob> {
  const query = { format: "png", overlay: "0", max_side: String(SCREEN_PX) };
  const answer = await postDepth(shot.file, shot.name, query, () => undefined, signal);
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
    const ends = { low: Number(answer.header("Nearfar-Range-Min")), high: Number(answer.header("Nearfar-Range-Max")) };
    return { ...parseNpy(answer.body), kind: kind as DepthKind, ...ends };
  } catch (error) {
    console.error(error); // for whoever looks into it; people are told what to do
    throw new Failure("answer");
  }
}
