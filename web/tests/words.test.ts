import { describe, expect, it } from "vitest";
import { firstLanguage, sentence } from "../src/language";
import { type Key, en, zh } from "../src/words";

const marks = (words: string) => [...words.matchAll(/\{\w+\}/g)].map(String).sort();
const keys = Object.keys(en) as Key[];

describe("words", () => {
  it("have the same keys in both languages", () => {
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
  });

  it.each(keys)("%s says something, with the same marks, in both languages", (key) => {
    expect(en[key].trim() && zh[key].trim()).not.toBe("");
    expect(marks(zh[key])).toEqual(marks(en[key]));
  });

  it("are Chinese in Chinese", () => {
    const same = keys.filter((key) => en[key] === zh[key]);
    expect(same).toEqual(["formats", "formatsHere"]);
  });

  it("are filled in", () => {
    expect(sentence("zh", "nearPercent", { n: 7 })).toBe("近 7%");
  });
});

describe("firstLanguage", () => {
  it.each([
    [null, ["zh-TW", "en"], "zh"],
    [null, ["fr-FR", "zh-CN"], "zh"],
    [null, ["de"], "en"],
    ["en", ["zh-CN"], "en"],
    ["klingon", ["zh-CN"], "zh"],
  ] as const)("of %s and %j is %s", (stored, preferred, language) => {
    expect(firstLanguage(stored, preferred)).toBe(language);
  });
});
