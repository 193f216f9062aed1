/** Is there enough light and detail in a picture for its depth to be trusted? `nearfar.ops.exposure`, limits and all. */
import type { Key } from "../src/words";
import type { Picture } from "./shrink";

const [DARK, DARKISH, BRIGHT, FLAT, TEXTURE, BARE, WHITE] = [20, 30, 243, 6, 3, 0.55, 250];
const WASHED_OUT = [
  [80, 0.55],
  [200, 0.25],
] as const;

/** Words for what is wrong with a picture of the network's size; mostly none. */
export function exposureFaults({ width, height, pixels }: Picture): Key[] {
  const luma = Float32Array.from({ length: width * height }, (_, i) => {
    const [red, green, blue] = pixels.subarray(3 * i, 3 * i + 3);
    return 0.2126 * (red as number) + 0.7152 * (green as number) + 0.0722 * (blue as number);
  });
  const sorted = luma.slice().sort();
  const [low, high] = [0.01, 0.99].map((share) => sorted[Math.round(share * (luma.length - 1))] as number) as [number, number];
  const isBare = Uint8Array.from(luma, (_, i) => Number(texture(luma, width, i) < TEXTURE));
  const bare = isBare.reduce((sum, is) => sum + is, 0) / luma.length;
  const white = luma.reduce((sum, value, i) => sum + Number(value > WHITE && isBare[i] === 1), 0) / luma.length;
  const found: Key[] = [];
  if (high < DARK || (high < DARKISH && bare > BARE)) found.push("warnDark");
  if (low > BRIGHT || WASHED_OUT.some(([least, most]) => low > least && white > most)) found.push("warnBlownOut");
  if (high - low < FLAT) found.push("warnFlat");
  return found;
}

/** Levels between the least and the most of the 3 × 3 pixels round one. */
function texture(luma: Float32Array, width: number, index: number): number {
  const [x, rows] = [index % width, [index - width, index, index + width].filter((at) => at >= 0 && at < luma.length)];
  const around = rows.flatMap((at) => [...luma.subarray(at - Math.min(1, x), at + Math.min(1, width - 1 - x) + 1)]);
  return Math.max(...around) - Math.min(...around);
}
