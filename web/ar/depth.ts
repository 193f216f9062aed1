/** Frames to the service, distances back, as WebXR's depth sensing lays them out. */
import { keyProtocols } from "../src/key";
import { streamAddress } from "../src/stream";

/** What the module calls XRCPUDepthInformation, as the service tells it; metres only where it knows them. */
export interface DepthInformation {
  readonly data: Uint16Array;
  readonly width: number;
  readonly height: number;
  readonly normDepthBufferFromNormView: readonly number[];
  readonly isMetric: boolean;
  readonly rawValueToMeters?: number;
  readonly rawValueToUnits?: number;
}

/** Metres of 1, or units of their own where the depth is relative. */
export const factorOf = ({ rawValueToMeters, rawValueToUnits }: DepthInformation): number =>
  rawValueToMeters ?? rawValueToUnits ?? Number.NaN;

export class DepthStream {
  private readonly socket: WebSocket;
  private told: Omit<DepthInformation, "data"> | null = null;
  private isOver = false;

  /** ``onRoom``: the next frame may be sent; ``onDepth``: of the frame that was sent last. */
  constructor(onRoom: () => void, onDepth: (depth: DepthInformation) => void, onEnd: () => void) {
    this.socket = new WebSocket(streamAddress(document.baseURI, { format: "webxr" }), keyProtocols());
    this.socket.binaryType = "arraybuffer";
    this.socket.onclose = () => this.isOver || onEnd();
    this.socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== "string") {
        if (this.told) onDepth({ ...this.told, data: new Uint16Array(data) });
        this.told = null;
        return onRoom();
      }
      const said = JSON.parse(data) as { type: string; webxr?: Omit<DepthInformation, "data"> };
      if (said.type === "frame") this.told = said.webxr ?? null;
      else onRoom(); // ready, or a frame that could not be looked at
    };
  }

  send(frame: Blob): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  close(): void {
    this.isOver = true;
    this.socket.close();
  }
}
