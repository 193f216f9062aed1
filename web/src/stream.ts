/** Frames to the service over one websocket, heat maps back: the newest frame, never a backlog. */
import { Failure, type FailureCode, codeOf, getModels } from "./client";
import { keyProtocols } from "./key";

/** How heat maps of a live picture look, and by which model; "" is the source's own choice. */
export interface LiveLook {
  readonly colormap: string;
  readonly model?: string;
}

/** Pictures of a camera in, heat maps out: the newest, never a backlog. */
export interface LiveStream {
  /** Whether another frame may be sent now. */
  readonly hasRoom: boolean;
  send(frame: Blob): void;
  change(look: LiveLook): void;
  close(): void;
}

/** What is said before a heat map. */
export interface Header {
  readonly seq: number;
  readonly width: number;
  readonly height: number;
  readonly timing_ms: { readonly total?: number };
}

export interface Hears {
  /** There is room for another frame. */
  onRoom(): void;
  onPicture(picture: Blob | ImageBitmap, header: Header): void;
  /** The stream has ended by itself. */
  onEnd(failure: Failure): void;
}

interface Trouble {
  readonly status: number;
  readonly detail?: string;
  readonly retry_after_s?: number;
}

/** One frame is looked at while the next is on its way. */
const UNDER_WAY = 2;
const IDLE = 1001;
const PAUSE_MS = 1000;

export class Stream implements LiveStream {
  private readonly socket: WebSocket;
  private header: Header | null = null;
  private isReady = false;
  private isOver = false;
  private sent = 0;
  private answered = 0;
  private pausedUntil = 0;

  /** Open a stream; throws a Failure where the key cannot even be sent. */
  constructor(
    look: LiveLook,
    private readonly hears: Hears,
  ) {
    try {
      this.socket = new WebSocket(streamAddress(document.baseURI, { ...look }), keyProtocols());
    } catch {
      throw new Failure("wrong_key"); // as a word of the handshake it has letters that none may have
    }
    this.socket.binaryType = "blob";
    this.socket.onmessage = (event: MessageEvent<string | Blob>) => this.take(event.data);
    this.socket.onclose = (event) => void this.closed(event.code);
  }

  get hasRoom(): boolean {
    return this.isReady && !this.isOver && this.sent - this.answered < UNDER_WAY && performance.now() >= this.pausedUntil;
  }

  send(frame: Blob): void {
    if (!this.hasRoom) return;
    this.sent += 1;
    this.socket.send(frame);
  }

  change(look: LiveLook): void {
    if (this.isReady && !this.isOver) this.socket.send(JSON.stringify(look));
  }

  close(): void {
    this.isOver = true;
    this.socket.close();
  }

  private take(data: string | Blob): void {
    if (this.isOver) return;
    if (typeof data !== "string") {
      if (this.header) this.hears.onPicture(data, this.header);
      this.header = null;
      return;
    }
    const said = JSON.parse(data) as { type: string; seq?: number | null };
    this.answered = Math.max(this.answered, said.seq ?? 0); // those before were dropped for this one
    if (said.type === "ready") this.isReady = true;
    if (said.type === "frame") this.header = said as unknown as Header;
    if (said.type === "error") this.failed(said as unknown as Trouble);
    if (!this.isOver) this.hears.onRoom();
  }

  private failed(trouble: Trouble): void {
    if (trouble.status === 503 && trouble.retry_after_s !== undefined) {
      this.pausedUntil = performance.now() + PAUSE_MS; // others are served first
      setTimeout(() => this.hears.onRoom(), PAUSE_MS + 1);
      return;
    }
    this.close();
    this.hears.onEnd(new Failure(codeOf(trouble.status), trouble.detail ?? ""));
  }

  private async closed(code: number): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.hears.onEnd(code === IDLE ? new Failure("stream_idle") : await whyClosed(this.isReady));
  }
}

/** The address of the stream beside a page, by websocket. */
export function streamAddress(base: string, options: Record<string, string>): string {
  const address = new URL(`v1/live?${new URLSearchParams(options)}`, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** A browser does not tell why a websocket was refused: asking for something else does. */
async function whyClosed(wasReady: boolean): Promise<Failure> {
  const code: FailureCode = wasReady ? "stream_lost" : "stream_full";
  try {
    await getModels();
    return new Failure(code);
  } catch (error) {
    return error instanceof Failure ? error : new Failure("offline");
  }
}
