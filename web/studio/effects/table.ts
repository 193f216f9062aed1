/** The effects that are made in the browser, by name: a row each. Their options are the library's own (`web/tables.py`). */
import { type Given, Chosen, type Pixels, type Query } from "./ask";
import { normals } from "./normals";
import { fog, slices, tint } from "./pictures";
import { anaglyph, stereo } from "./stereo";
import { type Loop, wiggle } from "./wiggle";

type Make = (given: Given, chosen: Chosen) => Pixels | Loop;

const TABLE: Readonly<Record<string, Make>> = { anaglyph, "depth-slices": slices, fog, normals, stereo, tint, wiggle };

/** Throws a Failure for an option that is refused. */
export function applied(effect: string, given: Given, query: Query): Pixels | Loop {
  const make = TABLE[effect];
  if (!make) throw new Error(`no effect ${effect}`);
  return make(given, new Chosen(effect, query));
}
