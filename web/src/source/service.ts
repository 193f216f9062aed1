/** Depth by the service that this page came from. */
import { type Answer, Failure, type ModelCard, type Progress, getModel, getModels, getPlugins, hasSegmenter, holdPhoto, post, postDepth, postHeld } from "../client";
import type { Depth, DepthKind } from "../depth";
import { parseNpy } from "../npy";
import type { Plugin } from "../options";
import type { Shot } from "../shot";
import { type Hears, type LiveLook, type LiveStream, Stream } from "../stream";
import type { Place } from "../view";
import type { Key } from "../words";
import { type Ask, type DepthSource, type MadeFile, type Noun, type Order, type Result, SCREEN_PX } from "./source";

const KINDS: readonly string[] = ["relative_inverse", "affine_depth", "metric"];
const WARNINGS: Record<string, Key> = { dark: "warnDark", blown_out: "warnBlownOut", flat: "warnFlat", own_depth: "warnOwnDepth" };
const silent = (): void => undefined;

export class ServiceSource implements DepthSource {
  readonly place = "service";
  readonly samples = ["room", "street", "closeup"] as const;
  /** The ids of photos that the service keeps for a while. */
  private readonly held = new WeakMap<Blob, Promise<string | null>>();

  async estimate(shot: Shot, ask: Ask, onProgress: (now: Progress) => void, signal: AbortSignal): Promise<Result> {
    const start = performance.now();
    const query = { format: "npy", ...sizeOf(ask), ...lookAt(shot, ask.model, ask) };
    const answer = await postDepth(shot.file, shot.name, query, onProgress, signal);
    const elapsed = (performance.now() - start) / 1000;
    return {
      shot,
      depth: readDepth(answer),
      width: Number(answer.header("Nearfar-Photo-Width")),
      height: Number(answer.header("Nearfar-Photo-Height")),
      model: answer.header("Nearfar-Model"),
      weightsSha256: answer.header("Nearfar-Weights-Sha256"),
      ask,
      warnings: warningsOf(answer.header("Nearfar-Warning")),
      seconds: totalSeconds(answer.header("Server-Timing")) ?? elapsed,
    };
  }

  async preview(shot: Shot, signal: AbortSignal): Promise<Blob> {
    const query = { format: "png", overlay: "0", max_side: String(SCREEN_PX) };
    const answer = await postDepth(shot.file, shot.name, query, silent, signal);
    return new Blob([answer.body], { type: "image/png" });
  }

  models(): Promise<ModelCard[]> {
    return getModels();
  }

  model(name: string): Promise<ModelCard> {
    return getModel(name);
  }

  plugins(noun: Noun): Promise<Plugin[]> {
    return getPlugins(noun);
  }

  live(look: LiveLook, hears: Hears): LiveStream {
    return new Stream(look, hears);
  }

  /** What is asked of a photo that the service holds, so that it is not sent again; null where it does not. */
  private async fromHeld(address: string, photo: Blob, query: Record<string, string>, signal: AbortSignal): Promise<Answer | null> {
    const known = this.held.get(photo) ?? holdPhoto(photo, new AbortController().signal);
    this.held.set(photo, known);
    const id = await known;
    const answer = id && (await postHeld(address, id, query, signal));
    if (!answer) this.held.delete(photo);
    return answer || null;
  }

  async make({ noun, name, query, files }: Order, on: Result, signal: AbortSignal): Promise<MadeFile> {
    const look = lookAt(on.shot, on.model, { ...on.ask, size: undefined }); // effects take the network's own size
    const address = `v1/${noun}/${name}`;
    const all = { ...query, ...look };
    const parts = { image: on.shot.file, ...Object.fromEntries(files) };
    const answer =
      (files.size ? null : await this.fromHeld(address, on.shot.file, all, signal)) ??
      (await post(address, parts, on.shot.name, all, silent, signal));
    return { blob: new Blob([answer.body], { type: answer.header("Content-Type") }), suffix: suffixOf(answer) };
  }

  knowsObjects(): Promise<boolean> {
    return hasSegmenter();
  }

  async objectAt({ x, y }: Place, on: Result, signal: AbortSignal): Promise<Blob> {
    const query = { x: String(x), y: String(y) };
    const parts = { image: on.shot.file };
    const answer =
      (await this.fromHeld("v1/segment", on.shot.file, query, signal)) ?? (await post("v1/segment", parts, on.shot.name, query, silent, signal));
    return new Blob([answer.body], { type: "image/png" });
  }
}

/** The part of a query that says how the photo is looked at: a network, or what the photo carries. */
function lookAt(shot: Shot, model: string, ask: Pick<Ask, "size" | "hasTiles">): Record<string, string> {
  if (shot.ownDepth) return { own_depth: "true" };
  return {
    ...(model && { model }),
    ...(ask.size !== undefined && { size: String(ask.size) }),
    ...(ask.hasTiles && { tiles: "true" }),
  };
}

const sizeOf = ({ maxSide }: Ask): Record<string, string> => (maxSide === null ? {} : { max_side: String(maxSide) });

/** The suffix of the file in an answer, as the service names it. */
function suffixOf(answer: Answer): string {
  return /filename="[^"]*?(\.[a-z0-9]+)"/i.exec(answer.header("Content-Disposition"))?.[1] ?? "";
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
