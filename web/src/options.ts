/** The options of an effect or a format, as the service tells them, and what is asked of it in return. */

export interface Option {
  readonly name: string;
  readonly type: "int" | "float" | "bool" | "str" | "file" | string;
  readonly default: string | number | boolean | readonly number[] | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly choices: readonly string[];
  readonly help: string;
  /** Of free texts: words as they stand, COLOUR, PIXEL, PLACE, SPAN, TEXT, with | between. */
  readonly form: string;
}

export interface Plugin {
  readonly name: string;
  readonly summary: string;
  readonly suffixes?: readonly string[];
  readonly suffix?: string;
  readonly options: readonly Option[];
  /** Libraries that it needs and that are not installed where it would run; it cannot run until they are. */
  readonly missing?: readonly string[];
  /** The extra of nearfar that brings them. */
  readonly extra?: string;
}

/** Whether it can run. */
export const isHere = ({ missing }: Plugin): boolean => !missing?.length;

/** The command by which whoever runs the service brings what is missing. */
export const remedyOf = ({ missing = [], extra }: Plugin): string => `pip install ${extra ? `"nearfar[${extra}]"` : missing.join(" ")}`;

/** What was chosen, by option; an option that is not here has its default. */
export type Values = ReadonlyMap<string, string>;

export interface Size {
  readonly width: number;
  readonly height: number;
}

const SLIDER_SPAN = 1000;
const USUAL_PLACE = 0.35; // of a slider: where a default lies that would else be squeezed to its left end
const PICTURES: readonly string[] = [".png", ".jpg", ".jpeg", ".webp"];

/** Whether an effect gives a clip: many pictures, and so some seconds of work. */
export function isClip(plugin: Plugin): boolean {
  return plugin.options.some(({ name, choices }) => name === "format" && choices.length > 0) ||
    !PICTURES.includes(plugin.suffixes?.[0] ?? ".png");
}

/** The option that a place in the photo stands for, if there is one. */
export function placeOption(plugin: Plugin): Option | null {
  return plugin.options.find(({ form }) => form === "PIXEL" || form === "PLACE") ?? null;
}

/** A default as the text that stands for it; empty for none. */
export function defaultText({ default: value }: Option): string {
  return value === null ? "" : Array.isArray(value) ? value.join(",") : String(value);
}

export interface Slider {
  /** The value at a place of the slider, 0…1. */
  at(place: number): number;
  placeOf(value: number): number;
}

/** A slider for a number with two ends, finer where its default lies; null where a slider is of no use. */
export function sliderOf({ type, low, high, default: usual }: Option): Slider | null {
  if ((type !== "int" && type !== "float") || low === null || high === null) return null;
  const span = high - low;
  if (!(span > 0) || span > SLIDER_SPAN) return null;
  const share = typeof usual === "number" ? (usual - low) / span : 0;
  const power = share > 0 && share < USUAL_PLACE ? Math.min(4, Math.log(share) / Math.log(USUAL_PLACE)) : 1;
  const round = (value: number): number => (type === "int" ? Math.round(value) : Number(value.toPrecision(3)));
  return {
    at: (place) => round(low + span * place ** power),
    placeOf: (value) => Math.min(1, Math.max(0, (value - low) / span)) ** (1 / power),
  };
}

/** The query for what was chosen; pixels of the photo become pixels of the copy that is asked for. */
export function queryOf(options: readonly Option[], values: Values, photo: Size, copy: Size): Record<string, string> {
  const query: Record<string, string> = {};
  for (const option of options) {
    const text = values.get(option.name);
    if (text === undefined || text === defaultText(option)) continue;
    if (text === "" && option.default === null) continue;
    query[option.name] = option.form === "PIXEL" ? moved(text, photo, copy) : text;
  }
  return query;
}

/** Two numbers of a text such as "12, 40"; null for anything else. */
export function pair(text: string): [number, number] | null {
  const [x, y, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  return more.length === 0 && Number.isFinite(x) && Number.isFinite(y) ? [x as number, y as number] : null;
}

/** The text of a place, x and y in 0…1, for an option. */
export function placeText(option: Option, x: number, y: number, photo: Size): string {
  if (option.form === "PLACE") return `${x.toFixed(3)},${y.toFixed(3)}`;
  const inside = (share: number, length: number): number => Math.min(length - 1, Math.floor(share * length));
  return `${inside(x, photo.width)},${inside(y, photo.height)}`;
}

/** Where in the photo, 0…1, the text of an option lies; null where it names no place in it. */
export function placeOf(option: Option, text: string, photo: Size): { x: number; y: number } | null {
  const found = pair(text);
  if (!found) return null;
  const [x, y] = option.form === "PLACE" ? found : [(found[0] + 0.5) / photo.width, (found[1] + 0.5) / photo.height];
  return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
}

function moved(text: string, photo: Size, copy: Size): string {
  const found = pair(text);
  if (!found || photo.width === copy.width) return text; // what is no pixel is for the service to refuse
  const to = (at: number, from: number, length: number): number => Math.floor(((at + 0.5) * length) / from);
  return `${to(found[0], photo.width, copy.width)},${to(found[1], photo.height, copy.height)}`;
}
