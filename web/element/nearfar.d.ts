/** Depth of photos in the browser. */

export type Warning = "dark" | "blown_out" | "flat";

export interface DepthMap {
  /** Row by row from the upper left; of relative_inverse depth, large is near. */
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly kind: "relative_inverse" | "affine_depth" | "metric";
  /** Smallest and largest value. */
  readonly low: number;
  readonly high: number;
  readonly model: string;
  /** SHA-256 of the network's weights. */
  readonly weightsSha256: string;
  /** Why the depth of this photo is not to be trusted; mostly empty. */
  readonly warnings: readonly Warning[];
}

export interface EstimateOptions {
  /** The longer side of the map at most; the photo's own size where absent. */
  readonly maxSide?: number;
  /** Length of the network's input in pixels, 32 to 1024; 256 where absent. */
  readonly size?: number;
  readonly signal?: AbortSignal;
}

/** The depth map of a picture; rejects with an Error that says why there is none, or an AbortError. */
export function estimate(picture: Blob | ImageBitmap, options?: EstimateOptions): Promise<DepthMap>;

/** <nearfar-depth src="photo.jpg" colormap="inferno">: the heat map of a photo. Fires "depth" or "error". */
export class NearfarDepth extends HTMLElement {
  /** What is shown, or null. */
  readonly depth: DepthMap | null;
}
