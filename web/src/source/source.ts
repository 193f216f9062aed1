/**
 * Who tells depth: a service, or a network in this very browser. The page asks one of them by this interface and
 * does everything else on the depth map that it was given.
 */
import type { ModelCard, Progress } from "../client";
import type { Depth } from "../depth";
import type { Plugin } from "../options";
import type { Shot } from "../shot";
import type { Hears, LiveLook, LiveStream } from "../stream";
import type { Place } from "../view";
import type { Key } from "../words";

/** How a photo is to be looked at. */
export interface Ask {
  /** By name; "" is the source's own choice. */
  readonly model: string;
  /** The longer side of the depth map at most; null is the photo's own size. */
  readonly maxSide: number | null;
  /** Length of the network's input in pixels; its own where absent. */
  readonly size?: number;
  /** In overlapping parts, fitted to the whole. */
  readonly hasTiles?: boolean;
}

/** What was found in a photo. */
export interface Result {
  readonly shot: Shot;
  readonly depth: Depth;
  /** Of the upright photo, in pixels; the depth is a smaller copy where the photo is larger than a screen. */
  readonly width: number;
  readonly height: number;
  readonly model: string;
  /** SHA-256 of the model's weights; empty for depth that no network told. */
  readonly weightsSha256: string;
  readonly ask: Ask;
  readonly warnings: readonly Key[];
  readonly seconds: number;
}

/** A file made of a photo and its depth. */
export interface MadeFile {
  readonly blob: Blob;
  /** With its dot; empty where the source does not say. */
  readonly suffix: string;
}

export type Noun = "effects" | "exports";

/** What is to be made of a result. */
export interface Order {
  readonly noun: Noun;
  readonly name: string;
  readonly query: Record<string, string>;
  /** Files beside the photo, by the option they belong to. */
  readonly files: ReadonlyMap<string, Blob>;
}

/** Pictures to try the page with, which lie beside it. */
export type Sample = "room" | "street" | "closeup";

/** Every promise rejects with a Failure, or with an AbortError where ``signal`` was aborted. */
export interface DepthSource {
  /** Where photos go; decides what the page promises about them. */
  readonly place: "service" | "browser";
  readonly samples: readonly Sample[];
  estimate(shot: Shot, ask: Ask, onProgress: (now: Progress) => void, signal: AbortSignal): Promise<Result>;
  /** The photo as a PNG, for files that the browser itself cannot decode. */
  preview(shot: Shot, signal: AbortSignal): Promise<Blob>;
  /** The source's own choice first, then those at hand. */
  models(): Promise<ModelCard[]>;
  /** One model, as it is now. */
  model(name: string): Promise<ModelCard>;
  plugins(noun: Noun): Promise<Plugin[]>;
  /** Heat maps of a camera's pictures, until it is closed; throws a Failure where it cannot even begin. */
  live(look: LiveLook, hears: Hears): LiveStream;
  make(order: Order, on: Result, signal: AbortSignal): Promise<MadeFile>;
  /** Whether it knows things by themselves, by Segment Anything. */
  knowsObjects(): Promise<boolean>;
  /** A picture of the photo's shape, white where the thing at a place is. */
  objectAt(place: Place, on: Result, signal: AbortSignal): Promise<Blob>;
}

/** The longer side of the depth that the page asks for: as much as a panel shows. Files are saved whole. */
export const SCREEN_PX = 1280;
