/** Two places compared: which is nearer. */
import { valueInWords } from "./controls";
import { type Depth, nearness, valueAt } from "./depth";
import { say } from "./language";
import { showMarks } from "./places";
import type { Place } from "./view";

const EQUAL = 0.01; // of the whole map: less is no difference that a network can vouch for

let places: Place[] = [];

/** Take the first or the second place; a third one begins anew. */
export function addToPair(place: Place): void {
  places = places.length === 2 ? [place] : [...places, place];
  markPair();
}

export function forgetPair(): void {
  places = [];
  showMarks([]);
}

export function markPair(): void {
  showMarks(places.map((place, index) => ({ place, text: "AB"[index] as string })));
}

/** What the two places say, or what to do next. */
export function pairInWords(depth: Depth): string {
  const [a, b] = places.map(({ x, y }) => valueAt(depth, x, y));
  if (a === undefined) return say("pairHint");
  const first = `A ${valueInWords(depth, a)}`;
  if (b === undefined) return `${first} · ${say("pairNext")}`;
  const both = `${first} · B ${valueInWords(depth, b)}`;
  if (Number.isNaN(a) || Number.isNaN(b)) return both;
  const ahead = nearness(depth, a) - nearness(depth, b);
  const verdict = Math.abs(ahead) < EQUAL ? say("pairEqual") : say("pairNearer", { which: ahead > 0 ? "A" : "B" });
  return `${both}${say("colon")}${verdict}`;
}
