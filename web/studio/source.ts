/** Depth by the network of the package in this very browser: no photo leaves it. */
import { Failure, type ModelCard, type Progress } from "../src/client";
import type { Plugin } from "../src/options";
import type { Shot } from "../src/shot";
import type { Ask, DepthSource, MadeFile, Noun, Order, Result } from "../src/source/source";
import { MADE_HERE, makeHere } from "./files";
import { CARD } from "./network";
import { BrowserNetwork } from "./look";

export class BrowserSource implements DepthSource {
  readonly place = "browser";
  private readonly network = new BrowserNetwork();

  async estimate(shot: Shot, ask: Ask, onProgress: (now: Progress) => void, signal: AbortSignal): Promise<Result> {
    onProgress({ phase: "compute" });
    if (shot.ownDepth) throw new Failure("parameter", "The studio does not read depth that photos carry.");
    const start = performance.now();
    const { map, low, high, ...found } = await this.network.look(shot.file, ask, signal);
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
    return Promise.resolve(noun === "exports" ? MADE_HERE : []);
  }

  async make(order: Order, on: Result, signal: AbortSignal): Promise<MadeFile> {
    const isWhole = on.width === on.depth.width || order.query.max_side !== undefined;
    const whole = isWhole ? on : await this.estimate(on.shot, { ...on.ask, maxSide: null }, () => undefined, signal);
    return makeHere(order, whole);
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
