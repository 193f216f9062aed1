/** The service: one photo up, one answer down, with progress, and every failure named. */
import { hasKey, keyHeaders } from "./key";
import type { Plugin } from "./options";

export type FailureCode =
  | "broken"
  | "empty"
  | "too_large"
  | "not_image"
  | "parameter"
  | "busy"
  | "key"
  | "wrong_key"
  | "forbidden"
  | "weights"
  | "missing"
  | "server"
  | "offline"
  | "dropped"
  | "answer"
  | "camera_refused"
  | "camera_none"
  | "camera_in_use"
  | "camera_insecure"
  | "stream_idle"
  | "stream_lost"
  | "stream_full"
  | "video_service"
  | "not_video";

/** Why there is no answer. ``detail`` is the service's own English sentence, or empty. */
export class Failure extends Error {
  constructor(
    readonly code: FailureCode,
    readonly detail = "",
    readonly retryAfterS = 0,
    /** The option that was refused, or empty. */
    readonly parameter = "",
  ) {
    super(`${code}: ${detail}`);
  }
}

export type Progress = { phase: "upload" | "receive"; share: number } | { phase: "compute" };

export interface Answer {
  readonly body: ArrayBuffer;
  header(name: string): string;
}

export interface Model {
  readonly name: string;
  readonly title: string;
  readonly is_installed: boolean;
}

/** What is known of a model, and where its weights are. */
export interface ModelCard extends Model {
  readonly kind: "relative_inverse" | "affine_depth" | "metric";
  readonly licence: string;
  readonly is_commercial_use_allowed: boolean;
  readonly parameters: number;
  readonly state: "package" | "here" | "to_fetch" | "to_import";
  /** What a photo takes on the service's machine, where it has looked at one: the median of the last ones. */
  readonly measured: Measured | null;
}

/** A time that was really taken, and of how many photos, by what, at which size of the network's input. */
export interface Measured {
  readonly seconds: number;
  readonly photos: number;
  readonly engine: string;
  readonly input_width: number;
  readonly input_height: number;
}

/** How far the fetching of a model is. */
export interface Pull {
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly bytes: number;
  readonly total: number;
  readonly error: string;
}

const CODES: Record<number, FailureCode> = {
  400: "broken",
  401: "key",
  403: "forbidden",
  408: "dropped",
  413: "too_large",
  415: "not_image",
  422: "parameter",
  429: "busy",
  501: "missing",
  503: "busy",
};

/** The depth of a photo in the asked form. Rejects with a Failure, or an AbortError when cancelled. */
export function postDepth(
  photo: Blob,
  name: string,
  query: Record<string, string>,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Answer> {
  return post("v1/depth", { image: photo }, name, query, onProgress, signal);
}

/** What an address makes of files, the photo among them. Rejects as ``postDepth`` does. */
export function post(
  address: string,
  files: Record<string, Blob>,
  name: string,
  query: Record<string, string>,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much of an upload is done
    const form = new FormData();
    for (const [field, file] of Object.entries(files)) form.append(field, file, field === "image" ? name : field);
    request.open("POST", `${address}?${new URLSearchParams(query)}`);
    for (const [header, value] of Object.entries(keyHeaders())) request.setRequestHeader(header, value);
    request.responseType = "arraybuffer";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress({ phase: "upload", share: event.loaded / event.total });
    };
    request.upload.onload = () => onProgress({ phase: "compute" });
    request.onprogress = (event) => {
      if (event.lengthComputable) onProgress({ phase: "receive", share: event.loaded / event.total });
    };
    request.onload = () => {
      if (request.status === 200) {
        resolve({ body: request.response as ArrayBuffer, header: (key) => request.getResponseHeader(key) ?? "" });
      } else {
        const header = (key: string): string => request.getResponseHeader(key) ?? "";
        reject(failureOf({ status: request.status, body: request.response as ArrayBuffer | null, header }));
      }
    };
    request.onerror = () => void whyNoAnswer().then(reject);
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** Have the service keep a photo for a while: its id, or null where it does not. */
export async function holdPhoto(photo: Blob, signal: AbortSignal): Promise<string | null> {
  const type = photo.type.startsWith("image/") ? photo.type : "application/octet-stream";
  const headers = { ...keyHeaders(), "Content-Type": type };
  const answer = await fetch("v1/photos", { method: "POST", headers, body: photo, signal }).catch(() => null);
  return answer?.status === 201 ? ((await answer.json()) as { photo: string }).photo : null;
}

/** What an address makes of a photo that the service holds; null where it holds it no longer. Rejects as ``post`` does. */
export async function postHeld(
  address: string,
  photo: string,
  query: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer | null> {
  const headers = { ...keyHeaders(), "Nearfar-Photo": photo };
  const answer = await fetch(`${address}?${new URLSearchParams(query)}`, { method: "POST", headers, signal }).catch(
    async (error: unknown) => Promise.reject(signal.aborted ? error : await whyNoAnswer()),
  );
  const body = await answer.arrayBuffer();
  const header = (key: string): string => answer.headers.get(key) ?? "";
  if (answer.ok) return { body, header };
  if (answer.status === 404) return null;
  throw failureOf({ status: answer.status, body, header });
}

/** Whether the service has a Segment Anything network; asked anew until it answers. */
export async function hasSegmenter(): Promise<boolean> {
  const answer = await fetch("v1/segment", { headers: keyHeaders() }).catch(() => null);
  return answer?.ok === true && ((await answer.json()) as { is_there: boolean }).is_there;
}

/** All models, the service's default first, then those at hand. */
export async function getModels(): Promise<ModelCard[]> {
  const answer = await fetch("v1/models", { headers: keyHeaders() });
  if (!answer.ok) throw new Failure(codeOf(answer.status), `status ${answer.status}`);
  const found = (await answer.json()) as { default: string; models: ModelCard[] };
  const rank = (model: Model) => (model.name === found.default ? 2 : Number(model.is_installed));
  return found.models.sort((a, b) => rank(b) - rank(a));
}

/** One model, as it is now. */
export async function getModel(name: string): Promise<ModelCard> {
  const answer = await fetch(`v1/models/${encodeURIComponent(name)}`, { headers: keyHeaders(), cache: "no-store" });
  if (!answer.ok) throw new Failure(codeOf(answer.status), `status ${answer.status}`);
  return (await answer.json()) as ModelCard;
}

/** The effects or formats of the service, with their options. */
export async function getPlugins(noun: "effects" | "exports"): Promise<Plugin[]> {
  let answer: Response;
  try {
    answer = await fetch(`v1/${noun}`, { headers: keyHeaders() });
  } catch {
    throw new Failure("offline");
  }
  if (!answer.ok) throw new Failure(codeOf(answer.status), `status ${answer.status}`);
  return (await answer.json()) as Plugin[];
}

interface Refusal {
  readonly status: number;
  readonly body: ArrayBuffer | null;
  header(name: string): string;
}

function failureOf({ status, body, header }: Refusal): Failure {
  const wait = Number(header("Retry-After") || "0");
  const problem = problemOf(body);
  const isWeights = problem.type?.endsWith("#problem-weights") ?? false; // 503 as well, but waiting does not help
  const code = isWeights ? "weights" : codeOf(status);
  const detail = inOneText({ detail: problem.detail ?? problem.title, hint: problem.hint });
  return new Failure(code, detail, Number.isFinite(wait) ? wait : 0, problem.parameter ?? "");
}

/** What a problem document tells: what was wrong, and what to do next. */
export const inOneText = ({ detail, hint }: { detail?: string | undefined; hint?: string | undefined }): string =>
  [detail ?? "", hint ?? ""].join(" ").trim();

/** What a status means to people. */
export function codeOf(status: number): FailureCode {
  const code = CODES[status] ?? "server";
  return code === "key" && hasKey() ? "wrong_key" : code;
}

interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly parameter?: string;
}

function problemOf(body: ArrayBuffer | null): Problem {
  try {
    return JSON.parse(new TextDecoder().decode(body ?? undefined));
  } catch {
    return {}; // a proxy's page, not a problem document: the status alone must do
  }
}

/** The connection broke: is the service gone, or did it only hang up on this upload? */
async function whyNoAnswer(): Promise<Failure> {
  try {
    await fetch("healthz", { cache: "no-store" });
    return new Failure("dropped");
  } catch {
    return new Failure("offline");
  }
}
