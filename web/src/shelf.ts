/** The last results, kept in this browser alone (IndexedDB), until one button clears them. */
import { colorize } from "./colors";
import { fileOf } from "./compose";
import { steps } from "./depth";
import { make } from "./dom";
import { fit } from "./panels";
import type { Result } from "./source/source";

/** What a drag between two tabs of this page carries: the number of a kept result. */
export const KEPT = "application/x-nearfar-kept";

const NAME = "nearfar";
const STORE = "results";
const MOST = 20;
const THUMB_PX = 160;

/** What is told of a kept result without reading all of it. */
export interface Card {
  readonly id: number;
  readonly name: string;
  readonly thumb: Blob;
}

interface Kept extends Card {
  readonly result: Result;
}

/** Keep a result and give its number; null where this browser keeps nothing. */
export async function keep(result: Result): Promise<number | null> {
  try {
    const thumb = await thumbOf(result);
    const store = (await database()).transaction(STORE, "readwrite").objectStore(STORE);
    const id = await done(store.put({ name: result.shot.name, thumb, result }));
    const ids = await done(store.getAllKeys());
    for (const old of ids.slice(0, Math.max(0, ids.length - MOST))) store.delete(old);
    return Number(id);
  } catch {
    return null; // a private window, or no room: the page works without
  }
}

export async function kept(id: number): Promise<Result | null> {
  try {
    const store = (await database()).transaction(STORE).objectStore(STORE);
    return ((await done(store.get(id))) as Kept | undefined)?.result ?? null;
  } catch {
    return null;
  }
}

/** The newest first. */
export async function cards(): Promise<Card[]> {
  try {
    const store = (await database()).transaction(STORE).objectStore(STORE);
    const all = (await done(store.getAll())) as Kept[];
    return all.map(({ id, name, thumb }) => ({ id, name, thumb })).reverse();
  } catch {
    return [];
  }
}

export async function clearShelf(): Promise<void> {
  await done((await database()).transaction(STORE, "readwrite").objectStore(STORE).clear()).catch(() => undefined);
}

/** A small heat map. */
export function thumbOf({ depth }: Result): Promise<Blob> {
  const { width, height } = fit(depth.width, depth.height, THUMB_PX);
  const canvas = make("canvas", { width, height });
  canvas.getContext("2d")?.putImageData(new ImageData(colorize(steps(depth, width, height), "inferno"), width, height), 0, 0);
  return fileOf(canvas, "image/jpeg");
}

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
