/** The network at work, beside the page: decodes, looks, and answers with a depth map; one photo after the other. */
import * as ort from "onnxruntime-web/wasm";
import type { Grid } from "../src/npy";
import type { Key } from "../src/words";
import { enlarged, extremesOf, reducedSize } from "./enlarge";
import { exposureFaults } from "./exposure";
import { CARD, networkSize, normalised, outlined } from "./network";
import type { Reply } from "./desk";
import { pixelsOf } from "./pixels";
import { type Picture, shrink } from "./shrink";

/** What the page asks for. */
export interface Question {
  readonly photo: Blob | ImageBitmap;
  readonly maxSide: number | null;
  readonly size: number;
}

export interface Found {
  readonly map: Grid;
  /** Of the upright photo. */
  readonly width: number;
  readonly height: number;
  readonly low: number;
  readonly high: number;
  readonly warnings: readonly Key[];
}

const beside = (name: string): string => new URL(name, self.location.href).href;
let session: Promise<ort.InferenceSession> | null = null;
let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Question & { id: number }>) => {
  last = last.then(async () => {
    const reply = await answer(data);
    self.postMessage(reply, { transfer: "found" in reply ? [reply.found.map.values.buffer] : [] });
  });
};

void opened().catch(() => undefined); // it is ready when the first photo comes; what went wrong is told then

/** Start the network, once; where that fails it is tried again for the next photo. */
function opened(): Promise<ort.InferenceSession> {
  session ??= open().catch((error: unknown) => {
    session = null;
    throw error;
  });
  return session;
}

async function open(): Promise<ort.InferenceSession> {
  ort.env.wasm.wasmPaths = { mjs: beside("ort-wasm-simd-threaded.mjs"), wasm: beside("ort-wasm-simd-threaded.wasm") };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  const weights = await fetch(beside(CARD.file));
  if (!weights.ok) throw new Error(`${CARD.file}: status ${weights.status}`);
  return ort.InferenceSession.create(await weights.arrayBuffer(), { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
}

async function answer({ id, photo, maxSide, size }: Question & { id: number }): Promise<Reply<Found>> {
  const start = opened();
  start.catch(() => undefined); // told below, after the photo
  let bitmap: ImageBitmap;
  try {
    bitmap = photo instanceof Blob ? await createImageBitmap(photo) : photo; // upright, as its EXIF says
  } catch (error) {
    return { id, code: "not_image", detail: String(error) };
  }
  try {
    return { id, found: await look(bitmap, maxSide, size, await start) };
  } catch (error) {
    return { id, code: "server", detail: String(error) };
  } finally {
    bitmap.close();
  }
}

async function look(bitmap: ImageBitmap, maxSide: number | null, size: number, network: ort.InferenceSession): Promise<Found> {
  const { width, height } = bitmap;
  const [wide, high] = networkSize(width, height, size);
  const seen = shrink(pixelsOf(bitmap), wide, high);
  const raw = outlined(await run(network, seen), seen);
  const [columns, rows] = reducedSize(width, height, maxSide);
  const [low, top] = extremesOf(raw.values);
  return { map: enlarged(raw, { width, height, columns, rows }), width, height, low, high: top, warnings: exposureFaults(seen) };
}

async function run(network: ort.InferenceSession, seen: Picture): Promise<Grid> {
  const tensor = new ort.Tensor("float32", normalised(seen), [1, 3, seen.height, seen.width]);
  const answers = await network.run({ [network.inputNames[0] as string]: tensor });
  const values = answers[network.outputNames[0] as string]?.data as Float32Array;
  if (values.length !== seen.width * seen.height || values.some((value) => !Number.isFinite(value))) throw new Error("not a depth map");
  return { width: seen.width, height: seen.height, values: values.slice() };
}
