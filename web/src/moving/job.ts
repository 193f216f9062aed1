/** One video as a job of the service: sent, watched, fetched, cancelled. */
import { Failure, type FailureCode, codeOf, inOneText } from "../client";
import { keyHeaders } from "../key";

const LOOK_MS = 500;

/** How far it is; ``total`` and ``left`` are null where nobody knows. */
export interface Frames {
  readonly done: number;
  readonly total: number | null;
  readonly rate: number;
  readonly seconds: number;
  readonly left_s: number | null;
}

export interface MadeVideo {
  readonly name: string;
  readonly media_type: string;
  readonly bytes: number;
}

interface Row {
  readonly state: "queued" | "running" | "done" | "failed" | "cancelled";
  readonly files: MadeVideo[];
  readonly progress?: Frames;
  readonly depth: { readonly frames: number; readonly cuts: number } | null;
  readonly problem: { readonly detail?: string; readonly hint?: string; readonly status?: number } | null;
}

export interface Finished {
  readonly files: readonly MadeVideo[];
  readonly frames: number;
  readonly cuts: number;
}

export interface Hears {
  sent(share: number): void;
  running(frames: Frames | null): void;
}

export class VideoJob {
  private id = "";
  private isOver = false;

  /** Send a video and wait until it is done. Rejects with a Failure, or an AbortError. */
  async run(file: Blob, name: string, pipeline: string, hears: Hears, signal: AbortSignal): Promise<Finished> {
    this.id = await send(file, name, pipeline, hears, signal);
    signal.addEventListener("abort", () => this.remove(), { once: true });
    for (;;) {
      if (signal.aborted) throw new DOMException("cancelled", "AbortError");
      const row = await this.look(signal);
      if (row.state === "done") {
        this.isOver = true;
        return { files: row.files, frames: row.depth?.frames ?? 0, cuts: row.depth?.cuts ?? 0 };
      }
      if (row.state === "failed" || row.state === "cancelled") throw failed(row);
      hears.running(row.progress ?? null);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** The newest picture while it runs; null where there is none yet. */
  async preview(): Promise<Blob | null> {
    const answer = await fetch(`${this.address()}/results/1?file=preview.jpg`, { headers: keyHeaders() }).catch(() => null);
    return answer?.status === 200 ? answer.blob() : null;
  }

  /** Where a file of the result is; a player asks for parts of it. */
  addressOf(made: MadeVideo): string {
    return `${this.address()}/results/1?file=${encodeURIComponent(made.name)}`;
  }

  /** A file of the result. */
  async fetch(made: MadeVideo): Promise<Blob> {
    const answer = await fetch(this.addressOf(made), { headers: keyHeaders() }).catch(() => null);
    if (!answer) throw new Failure("offline");
    if (!answer.ok) throw new Failure(codeOf(answer.status));
    return answer.blob();
  }

  /** Cancel it, and have the service forget it. */
  remove(): void {
    if (!this.id) return;
    void fetch(this.address(), { method: "DELETE", headers: keyHeaders(), keepalive: true }).catch(() => undefined);
    this.id = "";
  }

  get isDone(): boolean {
    return this.isOver;
  }

  private address(): string {
    return `v1/jobs/${this.id}`;
  }

  private async look(signal: AbortSignal): Promise<Row> {
    const answer = await fetch(this.address(), { headers: keyHeaders(), cache: "no-store", signal }).catch((error: unknown) => {
      throw signal.aborted ? error : new Failure("offline");
    });
    if (!answer.ok) throw new Failure(codeOf(answer.status));
    return ((await answer.json()) as { pictures: [Row] }).pictures[0];
  }
}

function failed(row: Row): Failure {
  return new Failure(codeOfVideo(row.problem?.status ?? 500), inOneText(row.problem ?? {}));
}

/** What the service does not know as a picture was no video either. */
const codeOfVideo = (status: number): FailureCode => (status === 415 ? "not_video" : codeOf(status));

/** Hand the job in; its id. */
function send(file: Blob, name: string, pipeline: string, hears: Hears, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much of an upload is done
    const form = new FormData();
    form.append("pipeline", pipeline);
    form.append("images", file, name);
    request.open("POST", "v1/jobs");
    for (const [header, value] of Object.entries(keyHeaders())) request.setRequestHeader(header, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && hears.sent(event.loaded / event.total);
    request.onload = () => {
      const answer = request.response as { id?: string; detail?: string; hint?: string } | null;
      if (request.status === 202 && answer?.id) resolve(answer.id);
      else reject(new Failure(codeOfVideo(request.status), inOneText(answer ?? {})));
    };
    request.onerror = () => reject(new Failure("dropped"));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}
