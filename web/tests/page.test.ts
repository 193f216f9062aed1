import { describe, expect, it } from "vitest";
import html from "../index.html?raw";
import { en } from "../src/words";

const sources = import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true });

/** Words that are the same for everybody. */
const NAMES = ["nearfar", "中文", "EN", "100%"];

describe("the page's own words", () => {
  const body = html.slice(html.indexOf("<body>")).replaceAll(/<noscript>.*?<\/noscript>/gs, "").replaceAll(/<!--.*?-->/gs, "");

  it("stand in the table of both languages, not in the page", () => {
    const texts = [...body.matchAll(/>([^<]*\p{L}[^<]*)</gu)].map(([, text]) => (text as string).trim());
    expect(texts.filter((text) => !NAMES.includes(text))).toEqual([]);
  });

  it("are named by keys that there are", () => {
    const keys = [...body.matchAll(/data-(?:say|label)="(\w+)"/g)].map(([, key]) => key as string);
    expect(keys.length).toBeGreaterThan(80);
    expect(keys.filter((key) => !(key in en))).toEqual([]);
  });

  it("are given to no attribute as they stand", () => {
    expect([...body.matchAll(/ (?:aria-label|title|placeholder|alt)="[^"]+"/g)].map(String)).toEqual([]);
  });

  it("come out of the table in the sources as well", () => {
    const written = Object.entries(sources).flatMap(([name, text]) =>
      [...text.matchAll(/(?:textContent = |aria-label", )"[^"]*\p{L}{2}[^"]*"/gu)].map(([found]) => `${name}: ${found}`),
    );
    expect(written).toEqual([]);
  });
});
