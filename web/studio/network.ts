/** The network of the package as its card describes it: what it is fed, and what its answer becomes. */
import { input, is_commercial_use_allowed, kind, licence, name, outlines, parameters, title, weights } from "../../src/nearfar/assets/embedded.json";
import type { DepthKind } from "../src/depth";
import type { Grid } from "../src/npy";
import { evenly } from "./enlarge";
import type { Picture } from "./shrink";
import { sharpen } from "./outlines";

const AREA_SHARE = 3 / 4; // of a square of the card's size: what a photo of 4:3 covers

export const CARD = {
  name,
  title,
  kind: kind as DepthKind,
  parameters,
  licence,
  isCommercialUseAllowed: is_commercial_use_allowed,
  file: "embedded-int8.onnx",
  sha256: weights.find((one) => one.name === "embedded-int8.onnx")?.sha256 ?? "",
  size: input.size,
  least: input.min_size,
  most: input.max_size,
} as const;

/** (width, height) of the network's input for a photo: as many pixels as one of 4:3, sides of whole multiples. */
export function networkSize(width: number, height: number, size: number = CARD.size): [number, number] {
  const scale = Math.sqrt((AREA_SHARE * size * size) / (width * height));
  const top = Math.floor(Math.max(size, input.max_size) / input.multiple);
  const side = (length: number): number => Math.max(1, Math.min(top, evenly((scale * length) / input.multiple))) * input.multiple;
  return [side(width), side(height)];
}

/** (3, H, W) values by the card's mean and scale. */
export function normalised({ width, height, pixels }: Picture): Float32Array {
  const plane = width * height;
  const out = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel += 1) {
    const [mean, std] = [input.mean[channel] as number, input.std[channel] as number];
    for (let i = 0; i < plane; i += 1) out[channel * plane + i] = ((pixels[3 * i + channel] as number) / 255 - mean) / std;
  }
  return out;
}

/** The answer with steep outlines, as often as the card says. */
export function outlined(answer: Grid, { pixels }: Picture): Grid {
  const grey = answer.values.map((_, i) => ((pixels[3 * i] as number) + (pixels[3 * i + 1] as number) + (pixels[3 * i + 2] as number)) / 765);
  return sharpen(answer, grey, outlines);
}
