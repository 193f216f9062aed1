/** What an effect is given, and how its options are read. */
import { Failure } from "../../src/client";
import { type Option, defaultText } from "../../src/options";
import { type Depth, isNearLarge } from "../../src/depth";
import type { Picture } from "../shrink";
import { type Seen, refined } from "./edges";
import table from "./effects.json";

/** A photo and the depth map of its size; ``seen``: the network's input that the map was made from. */
export interface Given {
  readonly photo: Picture;
  readonly depth: Depth;
  readonly seen: Seen;
}

/** Values of an effect's options by name, as texts; those that are absent have their default. */
export type Query = Readonly<Record<string, string>>;

/** A picture of three channels, or of four with its alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly values: Uint8ClampedArray;
}

/** The options of an effect as they are set; a value that is none is refused by the option's name. */
export class Chosen {
  private readonly options: readonly Option[];

  constructor(
    effect: string,
    private readonly query: Query,
  ) {
    this.options = (table as readonly { name: string; options: readonly Option[] }[]).find(({ name }) => name === effect)?.options ?? [];
  }

  number(name: string): number {
    const { low, high, text } = this.of(name);
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= (low ?? -Infinity) && value <= (high ?? Infinity))) throw refused(name, `${name} is '${text}', but ${low} to ${high} was expected.`);
    return value;
  }

  is(name: string): boolean {
    return this.of(name).text === "true";
  }

  word<Word extends string>(name: string): Word {
    const { choices, text } = this.of(name);
    if (!choices.includes(text)) throw refused(name, `${name} is '${text}', but one of ${choices.join(", ")} was expected.`);
    return text as Word;
  }

  /** Red, green, blue in 0…1. */
  colour(name: string): [number, number, number] {
    const { text } = this.of(name);
    const digits = /^#([0-9a-f]{6})$/i.exec(text.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3"))?.[1];
    if (!digits) throw refused(name, `'${text}' is no colour. Give #rrggbb.`);
    return [0, 2, 4].map((start) => parseInt(digits.slice(start, start + 2), 16) / 255) as [number, number, number];
  }

  private of(name: string): Option & { readonly text: string } {
    const option = this.options.find((each) => each.name === name);
    if (!option) throw new Error(`no option ${name}`);
    return { ...option, text: this.query[name] ?? defaultText(option) };
  }
}

export const refused = (parameter: string, detail: string): Failure => new Failure("parameter", detail, 0, parameter);

const [TAILS, SAMPLES] = [[0.001, 0.999], 200_000] as const;

/** How near each pixel is, 0…1, its edges on the photo's where asked for: `nearfar.effects._canvas.near_of`. */
export function nearOf({ photo, depth, seen }: Given, isRefined: boolean): Float32Array {
  const values = isNearLarge(depth.kind) ? depth.values : depth.values.map((value) => (depth.kind === "metric" ? 1 / value : -value));
  const [low, high] = spanOf(values);
  if (!(high > low)) return new Float32Array(values.length);
  const near = values.map((value) => Math.min(1, Math.max(0, (value - low) / (high - low))));
  return isRefined ? refined(near, photo, seen) : near;
}

/** Nearly all values lie between these two: a few stray pixels do not squeeze all others together. */
function spanOf(values: Float32Array): [number, number] {
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const sorted = values.filter((_, i) => i % step === 0).sort();
  const [low, high] = TAILS.map((share) => percentile(sorted, share)) as [number, number];
  if (high > low) return [low, high];
  return [sorted[0] as number, sorted[sorted.length - 1] as number];
}

/** A value of sorted ones, between two where it falls between them. */
export function percentile(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return low + (high - low) * (place - Math.floor(place));
}
