/** The files to take away. */
import { make } from "./dom";

/** A file's name without folders and without its last suffix. */
export function stem(name: string): string {
  const base = name.split(/[\\/]/).pop() ?? "";
  return base.replace(/(?<=.)\.[^.]*$/, "") || "photo";
}

/** Give a file to the browser to keep. */
export function hand(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be reading it
}
