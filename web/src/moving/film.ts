/** What a video is to the page: which files are videos, and what is made of them. */
import type { Key } from "../words";

const VIDEOS = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|m2ts|mts|wmv|flv|ogv|3gp)$/i;

/** Whether a file is a video, by its type or, where the browser knows none, by its name. */
export function isVideo(file: Blob, name: string): boolean {
  if (file.type) return file.type.startsWith("video/");
  return VIDEOS.test(name);
}

export const EFFECTS = ["heatmap", "overlay", "side_by_side", "bokeh", "cutout", "fog", "normals", "anaglyph", "stereo"] as const;
export type EffectName = (typeof EFFECTS)[number];
export const wordOf = (effect: EffectName): Key => `moving_${effect}`;

const COLOURED: readonly EffectName[] = ["heatmap", "overlay", "side_by_side"];

/** How a video is to be worked on. */
export interface MovingAsk {
  readonly effect: EffectName;
  readonly colormap: string;
  readonly model: string;
  readonly hasDepth: boolean;
  /** The container that this browser plays. */
  readonly format: string;
}

/** The pipeline of a job for it. */
export function pipelineOf(ask: MovingAsk): string {
  const options = COLOURED.includes(ask.effect) ? { colormap: ask.colormap } : {};
  return JSON.stringify({
    model: ask.model,
    effects: [{ name: ask.effect.replaceAll("_", "-"), options }],
    video: { mode: "offline", format: ask.format, depth: ask.hasDepth ? "mkv" : "" },
  });
}

/** MP4 where this browser plays it, WebM otherwise. */
export function playable(): string {
  const video = document.createElement("video");
  return video.canPlayType('video/mp4; codecs="avc1.640028"') ? "mp4" : "webm";
}

/** Seconds as 1:02 or 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
