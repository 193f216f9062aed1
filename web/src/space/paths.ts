/** The ways along which the 3D view moves by itself: a place of the eye, in shares of the distance to the middle. */

export const MOTIONS = ["none", "wiggle", "circle", "dolly"] as const;
export type Motion = (typeof MOTIONS)[number];

const REACH = 0.08;
const PERIODS_S: Record<Motion, number> = { none: 1, wiggle: 1.6, circle: 4, dolly: 6 };

/** How far the eye is moved to the right, up and forwards after some seconds. */
export function eyeAt(motion: Motion, seconds: number): [number, number, number] {
  const turn = (2 * Math.PI * seconds) / PERIODS_S[motion];
  if (motion === "wiggle") return [REACH * Math.sin(turn), 0, 0];
  if (motion === "circle") return [REACH * Math.cos(turn), REACH * 0.7 * Math.sin(turn), 0];
  if (motion === "dolly") return [REACH * 0.4 * Math.sin(turn), 0, 0.2 * (1 - Math.cos(turn))];
  return [0, 0, 0];
}
