/** Distances of the page of a cube: metres only where the service says so; both languages have all words. */
import { expect, test } from "vitest";
import { type DepthInformation, factorOf } from "../ar/depth";
import { type Key, word } from "../ar/words";

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const depth = (more: Partial<DepthInformation>): DepthInformation => ({
  data: new Uint16Array(1), width: 1, height: 1, normDepthBufferFromNormView: IDENTITY, isMetric: false, ...more,
});

test("a factor to metres is the service's own, and nothing is made up without one", () => {
  expect(factorOf(depth({ isMetric: true, rawValueToMeters: 0.001 }))).toBe(0.001);
  expect(factorOf(depth({ rawValueToUnits: 10 / 65535 }))).toBe(10 / 65535);
  expect(factorOf(depth({}))).toBeNaN();
});

test("every word has its Chinese", () => {
  const keys: Key[] = ["title", "intro", "start", "stop", "far", "metres", "units", "noCamera", "noGraphics", "lost", "back"];
  for (const key of keys) expect(word(key, "zh")).toMatch(/[\u4e00-\u9fff]/);
});
