/** Is there enough light and detail in a picture for its depth to be trusted? `nearfar.ops.exposure`, limits and all. */
import type { Key } from "../src/words";
import type { Picture } from "./shrink";
import { largest, smallest } from "./windows";

const [DARK, DARKISH, BRIGHT, FLAT, TEXTURE, BARE, WHITE] = [20, 30, 243, 6, 3, 0.55, 250];
const WASHED_OUT = [
  [80, 0.55],
  [200, 0.25],
] as const;

/** Words for what is wrong with a picture of the network's size; mostly none. */
export function exposureFaults({ width, height, pixels }: Picture): Key[] {
  const luma = new Float32Array(width * height);
  for (let i = 0, at = 0; i < luma.length; i += 1, at += 3) {
    luma[i] = 0.2126 * (pixels[at] as number) + 0.7152 * (pixels[at + 1] as number) + 0.0722 * (pixels[at + 2] as number);
  }
  const sorted = luma.slice().sort();
  const [low, high] = [0.01, 0.99].map((share) => sorted[Math.round(share * (luma.length - 1))] as number) as [number, number];
  const [most, least] = [largest(luma, { width, height }, 3), smallest(luma, { width, height }, 3)];
  const isBare = most.map((value, i) => Number(value - (least[i] as number) < TEXTURE));
  const bare = isBare.reduce((sum, is) => sum + is, 0) / luma.length;
  const white = luma.reduce((sum, value, i) => sum + Number(value > WHITE && isBare[i] === 1), 0) / luma.length;
  const found: Key[] = [];
  if (high < DARK || (high < DARKISH && bare > BARE)) found.push("warnDark");
  if (low > BRIGHT || WASHED_OUT.some(([from, share]) => low > from && white > share)) found.push("warnBlownOut");
  if (high - low < FLAT) found.push("warnFlat");
  return found;
}
