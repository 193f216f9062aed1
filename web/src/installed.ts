/** The page as an app: its service worker, and the photos that other apps share with it. */
import type { Shot } from "./shot";

const BOX = "nearfar-shared"; // the same in public/sw.js

/** Have the worker where the browser lets pages have one: over HTTPS or from this machine. */
export function startApp(): void {
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("sw.js").catch(() => undefined);
}

/** The photos that were shared with this page, once. */
export async function sharedPhotos(): Promise<Shot[]> {
  if (!new URLSearchParams(location.search).has("shared") || !("caches" in window)) return [];
  const box = await caches.open(BOX);
  const shots: Shot[] = [];
  for (const request of await box.keys()) {
    const answer = await box.match(request);
    if (answer) shots.push({ file: await answer.blob(), name: decodeURIComponent(answer.headers.get("X-Name") ?? "photo") });
    await box.delete(request);
  }
  history.replaceState(null, "", "./");
  return shots;
}
