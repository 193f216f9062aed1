/** The files to take away. They come from the service, so that they are the same as on the command line. */
import { type Answer, postDepth } from "./client";
import type { ColormapName } from "./colors";
import { make } from "./dom";
import { lookOf, type Result } from "./estimate";

export type Download = "heat" | "png16" | "npy";

const SUFFIXES: Record<Download, string> = { heat: ".depth.png", png16: ".depth16.png", npy: ".depth.npy" };

/** Save one file of a result and give its name. */
export async function download(what: Download, result: Result, colormap: ColormapName): Promise<string> {
  const name = stem(result.shot.name) + SUFFIXES[what];
  hand(await content(what, result, colormap), name);
  return name;
}

/** A file's name without folders and without its last suffix. */
export function stem(name: string): string {
  const base = name.split(/[\\/]/).pop() ?? "";
  return base.replace(/(?<=.)\.[^.]*$/, "") || "photo";
}

async function content(what: Download, result: Result, colormap: ColormapName): Promise<Blob> {
  const query: Record<string, string> = what === "heat" ? { format: "png", colormap } : { format: what };
  const { file, name } = result.shot;
  const never = new AbortController().signal;
  const answer = await postDepth(file, name, { ...query, ...lookOf(result) }, () => undefined, never);
  return new Blob([answer.body], { type: answer.header("Content-Type") });
}

/** The suffix of the file in an answer, as the service names it. */
export function suffixOf(answer: Answer): string {
  return /filename="[^"]*?(\.[a-z0-9]+)"/i.exec(answer.header("Content-Disposition"))?.[1] ?? "";
}

/** Give a file to the browser to keep. */
export function hand(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be reading it
}
