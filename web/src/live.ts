/** The live camera: it on the left, the heat map of its newest picture on the right. */
import { closeCamera, grab, openCamera } from "./camera";
import { Failure } from "./client";
import { COLORMAPS, type ColormapName } from "./colors";
import { colourName } from "./controls";
import { byId, make } from "./dom";
import { say } from "./language";
import { Rate } from "./rate";
import type { Shot } from "./shot";
import type { DepthSource } from "./source/source";
import type { Header, LiveStream } from "./stream";

const FRAME_PX = 640; // the network sees 256 pixels; a screen shows the rest
const FRAME_QUALITY = 0.8;
const SHOT_PX = 4096;
const SHOT_QUALITY = 0.95;
const SHOW_RATE_MS = 500;

const video = () => byId("video", HTMLVideoElement);
const heat = () => byId("live-heat", HTMLCanvasElement);

export interface Ends {
  /** The camera cannot be opened, or the stream has ended by itself. */
  onFailure(failure: Failure): void;
}

/** One session, from its button to its end. */
export class Live {
  private stream: LiveStream | null = null;
  private camera: MediaStream | null = null;
  private isOver = false;
  private isGrabbing = false;
  private hasFresh = false;
  private ticker = 0;
  private shown = 0;
  private readonly rate = new Rate();
  private readonly canvas = document.createElement("canvas");

  constructor(
    private readonly source: DepthSource,
    private readonly ends: Ends,
  ) {}

  async start(colormap: ColormapName, model: string): Promise<void> {
    try {
      const camera = await openCamera(video());
      if (this.isOver) return closeCamera(video(), camera);
      this.camera = camera;
      camera.getVideoTracks()[0]?.addEventListener("ended", () => this.fail(new Failure("camera_in_use")));
      this.watchFrames();
      this.stream = this.source.live(
        { colormap, ...(model && { model }) },
        {
          onRoom: () => void this.pump(),
          onPicture: (picture, header) => void this.show(picture, header),
          onEnd: (failure) => this.fail(failure),
        },
      );
      this.ticker = window.setInterval(() => this.tell(), SHOW_RATE_MS);
    } catch (error) {
      this.fail(error instanceof Failure ? error : new Failure("server"));
    }
  }

  stop(): void {
    this.isOver = true;
    this.stream?.close();
    window.clearInterval(this.ticker);
    closeCamera(video(), this.camera);
  }

  recolour(colormap: ColormapName): void {
    this.stream?.change({ colormap });
  }

  /** The picture of now, as large as the camera gives it. */
  async shot(): Promise<Shot | null> {
    const file = await grab(video(), document.createElement("canvas"), SHOT_PX, SHOT_QUALITY);
    return file && { file, name: "camera.jpg" };
  }

  private fail(failure: Failure): void {
    if (this.isOver) return;
    this.stop();
    this.ends.onFailure(failure);
  }

  /** Hear of every new picture of the camera, so that none is sent twice. */
  private watchFrames(): void {
    const next = (): void => {
      if (this.isOver) return;
      this.hasFresh = true;
      void this.pump();
      wait();
    };
    const wait = (): void => {
      if ("requestVideoFrameCallback" in video()) video().requestVideoFrameCallback(next);
      else window.setTimeout(next, 33);
    };
    wait();
  }

  /** Send the newest picture where there is room for one. */
  private async pump(): Promise<void> {
    if (this.isGrabbing || !this.hasFresh || !this.stream?.hasRoom) return;
    this.isGrabbing = true;
    this.hasFresh = false;
    const frame = await grab(video(), this.canvas, FRAME_PX, FRAME_QUALITY);
    this.isGrabbing = false;
    if (frame && !this.isOver) this.stream.send(frame);
  }

  private async show(picture: Blob | ImageBitmap, header: Header): Promise<void> {
    const bitmap = picture instanceof Blob ? await createImageBitmap(picture) : picture;
    if (!this.isOver && header.seq > this.shown) {
      this.shown = header.seq;
      const canvas = heat();
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
      canvas.dataset.frames = String(header.seq);
      for (const id of ["video-stage", "live-stage"]) {
        byId(id).style.setProperty("--ratio", (bitmap.width / bitmap.height).toFixed(4));
      }
      this.rate.note(performance.now(), header.timing_ms.total ?? 0);
    }
    bitmap.close();
  }

  private tell(): void {
    const { perSecond, delayMs } = this.rate.read(performance.now());
    byId("live-rate").textContent = perSecond
      ? say("liveRate", { n: perSecond.toFixed(perSecond < 10 ? 1 : 0), ms: Math.round(delayMs) })
      : say("liveWaiting");
  }
}

/** The choice of colours while the camera runs. */
export function showLiveColours(chosen: ColormapName): void {
  const options = COLORMAPS.map((name) => make("option", { value: name, selected: name === chosen }, colourName(name)));
  byId("live-colours", HTMLSelectElement).replaceChildren(...options);
}

/** Empty what the last session left. */
export function clearLive(): void {
  heat().width = heat().height = 1;
  delete heat().dataset.frames;
  byId("live-rate").textContent = say("liveOpening");
}
