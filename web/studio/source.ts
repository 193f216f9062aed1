/** Depth by the network of the package in this very browser: no photo leaves it. */
import { Failure, type ModelCard, type Progress } from "../src/client";
import type { Plugin } from "../src/options";
import type { Shot } from "../src/shot";
import type { Hears, LiveLook, LiveStream } from "../src/stream";
import type { Ask, DepthSource, MadeFile, Noun, Order, Result } from "../src/source/source";
import plugins from "./effects/effects.json";
import { Workshop } from "./effects/workshop";
import { MADE_HERE, makeHere } from "./files";
import { CARD } from "./network";
import { BrowserLive } from "./live";
import { BrowserNetwork } from "./look";

const EFFECTS = plugins as Plugin[];

export class BrowserSource implements DepthSource {
  readonly place = "browser";
  readonly samples = ["room", "street"] as const;
  private readonly network = new BrowserNetwork();
  private readonly workshop = new Workshop();
  private whole: { readonly of: Result; readonly result: Result } | null = null;

  async estimate(shot: Shot, ask: Ask, onProgress: (now: Progress) => void, signal: AbortSignal): Promise<Result> {
    onProgress({ phase: "compute" });
    if (shot.ownDepth) throw new Failure("parameter", "The studio does not read depth that photos carry.");
    const start = performance.now();
    const { map, low, high, ...found } = await this.network.look(shot.file, ask, signal);
    performance.measure("nearfar:look", { start }); // seen in the browser's own tools
    return {
      ...found,
      shot,
      depth: { ...map, kind: CARD.kind, low, high },
      model: CARD.name,
      weightsSha256: CARD.sha256,
      ask,
      seconds: (performance.now() - start) / 1000,
    };
  }

  preview(): Promise<Blob> {
    return Promise.reject(new Failure("not_image")); // what this browser cannot decode, nobody here can
  }

  models(): Promise<ModelCard[]> {
    return Promise.resolve([MODEL]);
  }

  model(): Promise<ModelCard> {
    return Promise.resolve(MODEL);
  }

  plugins(noun: Noun): Promise<Plugin[]> {
    return Promise.resolve(noun === "exports" ? MADE_HERE : EFFECTS);
  }

  live(look: LiveLook, hears: Hears): LiveStream {
    return new BrowserLive(this.network, look, hears);
  }

  knowsObjects(): Promise<boolean> {
    return Promise.resolve(false);
  }

  objectAt(): Promise<Blob> {
    return Promise.reject(new Failure("missing"));
  }

  async make(order: Order, on: Result, signal: AbortSignal): Promise<MadeFile> {
    const isWhole = on.width === on.depth.width || order.query.max_side !== undefined;
    const whole = isWhole ? on : await this.wholeOf(on, signal);
    if (!EFFECTS.some(({ name }) => order.noun === "effects" && order.name === name)) return makeHere(order, whole);
    const blob = await this.workshop.make(order, whole, signal);
    return { blob, suffix: `.${blob.type.split("/")[1]}` };
  }

  /** The result in the photo's own size, remembered until another photo's is asked for. */
  private async wholeOf(on: Result, signal: AbortSignal): Promise<Result> {
    if (this.whole?.of !== on) {
      const result = await this.estimate(on.shot, { ...on.ask, maxSide: null }, () => undefined, signal);
      this.whole = { of: on, result };
    }
    return this.whole.result;
  }
}

const MODEL: ModelCard = {
  name: CARD.name,
  title: CARD.title,
  kind: CARD.kind,
  licence: CARD.licence,
  is_commercial_use_allowed: CARD.isCommercialUseAllowed,
  parameters: CARD.parameters,
  is_installed: true,
  state: "package",
  measured: null,
};
