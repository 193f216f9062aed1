/** Where a lens looks: places within its opening, spread evenly from the middle outwards. */

export const SHAPES = ["disc", "hexagon", "anamorphic"] as const;
export type Shape = (typeof SHAPES)[number];

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const SQUEEZE = 0.6; // an anamorphic opening is narrower than it is high

/** ``count`` times x, y and distance from the middle, all within 1. */
export function tapsOf(shape: Shape, count: number): Float32Array {
  const out = new Float32Array(count * 3);
  for (let i = 0; i < count; i += 1) {
    const [angle, r] = [i * GOLDEN, Math.sqrt((i + 0.5) / count)];
    const edge = shape === "hexagon" ? hexagonEdge(angle) : 1;
    out[i * 3] = Math.cos(angle) * edge * r * (shape === "anamorphic" ? SQUEEZE : 1);
    out[i * 3 + 1] = Math.sin(angle) * edge * r;
    out[i * 3 + 2] = r;
  }
  return out;
}

/** How far a hexagon of corners at 1 reaches in a direction. */
function hexagonEdge(angle: number): number {
  const third = Math.PI / 3;
  const within = (((angle % third) + third) % third) - third / 2;
  return Math.cos(third / 2) / Math.cos(within);
}
