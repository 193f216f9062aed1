/** A browser source for OBS: the live stream alone, from edge to edge, on nothing. */
import { closeCamera, grab, openCamera } from "../src/camera";
import { Failure } from "../src/client";
import { keepKey } from "../src/key";
import { type LiveStream, Stream } from "../src/stream";
import "./style.css";
import { cutByDepth, wishOf } from "./wish";

const LONGEST = 640;
const QUALITY = 0.85;
const AGAIN_MS = 3000;

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const view = byId<HTMLCanvasElement>("view");
const frame = byId<HTMLCanvasElement>("frame");
const video = byId<HTMLVideoElement>("video");
const wish = wishOf(location.href);
const WORDS: Record<string, string> = {
  camera_refused: "No camera: start OBS with --enable-media-stream · 没有摄像头：用 --enable-media-stream 启动 OBS",
  camera_insecure: "Cameras open over HTTPS or from this machine alone · 只有 HTTPS 或本机的网页能打开摄像头",
  camera_none: "No camera here · 这里没有摄像头",
  camera_in_use: "The camera is in use · 摄像头被占用",
};
const LOST = "Waiting for the service · 正在等待服务";

let stream: LiveStream | null = null;
let camera: MediaStream | null = null;
let sent: ImageBitmap | null = null;
let isGrabbing = false;
let frames = 0;

const tell = (words: string): void => void (byId("told").textContent = words);

/** Send the newest picture of the camera where there is none under way: each is shown with its own depth. */
async function pump(): Promise<void> {
  if (isGrabbing || sent || !stream?.hasRoom) return;
  isGrabbing = true;
  const blob = await grab(video, frame, LONGEST, QUALITY);
  sent = blob && (await createImageBitmap(frame));
  isGrabbing = false;
  if (blob) stream?.send(blob);
  else setTimeout(() => void pump(), 50); // the camera has no picture yet
}

async function show(map: Blob | ImageBitmap): Promise<void> {
  const bitmap = map instanceof Blob ? await createImageBitmap(map) : map;
  const { width, height } = bitmap;
  view.width = width;
  view.height = height;
  const context = view.getContext("2d", { willReadFrequently: wish.show === "near" });
  context?.drawImage(bitmap, 0, 0);
  if (context && sent && wish.show === "near") {
    const grey = context.getImageData(0, 0, width, height).data;
    context.drawImage(sent, 0, 0, width, height);
    const picture = context.getImageData(0, 0, width, height);
    cutByDepth(picture.data, grey, wish.from, wish.soft);
    context.putImageData(picture, 0, 0);
  }
  bitmap.close();
  sent?.close();
  sent = null;
  frames += 1;
  view.dataset["frames"] = String(frames);
  tell("");
  void pump();
}

/** A source in OBS has nobody who presses a button: it tries again by itself. */
function again(words: string): void {
  stream?.close();
  stream = null;
  sent?.close();
  sent = null;
  closeCamera(video, camera);
  camera = null;
  tell(words);
  setTimeout(() => void begin(), AGAIN_MS);
}

async function begin(): Promise<void> {
  try {
    camera = await openCamera(video);
    stream = new Stream(wish.look, {
      onRoom: () => void pump(),
      onPicture: (map) => void show(map),
      onEnd: () => again(LOST),
    });
  } catch (error) {
    again((error instanceof Failure && WORDS[error.code]) || LOST);
  }
}

if (wish.key) keepKey(wish.key);
void begin();
