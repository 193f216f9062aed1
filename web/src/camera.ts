/** The camera of this device: opened, shown, closed, and why it cannot be. */
import { Failure, type FailureCode } from "./client";

const REASONS: Record<string, FailureCode> = {
  NotAllowedError: "camera_refused",
  SecurityError: "camera_refused",
  NotFoundError: "camera_none",
  OverconstrainedError: "camera_none",
  NotReadableError: "camera_in_use",
  AbortError: "camera_in_use",
};
const WISHES: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
};

/** What kept a camera from opening, by the name of the browser's error. */
export function cameraFailure(name: string): FailureCode {
  return REASONS[name] ?? "camera_in_use";
}

/** Open the camera and show it. Rejects with a Failure that says why not. */
export async function openCamera(video: HTMLVideoElement): Promise<MediaStream> {
  // browsers hide cameras from pages that came neither over HTTPS nor from this machine
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Failure("camera_insecure");
  try {
    const stream = await devices.getUserMedia(WISHES);
    video.srcObject = stream;
    await video.play();
    return stream;
  } catch (error) {
    throw new Failure(cameraFailure(error instanceof DOMException ? error.name : ""));
  }
}

export function closeCamera(video: HTMLVideoElement, stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop(); // its lamp goes out
  video.srcObject = null;
}

/** The picture of now as a JPEG, its longer side at most ``longest``; null before there is one. */
export function grab(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  longest: number,
  quality: number,
): Promise<Blob | null> {
  const scale = Math.min(1, longest / Math.max(video.videoWidth, video.videoHeight, 1));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  if (!canvas.width || !canvas.height) return Promise.resolve(null);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
