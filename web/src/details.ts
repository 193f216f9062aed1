/** Sentences of the service in Chinese: the templates of details.json, which a test holds against its source. */
import tables from "./details.json";

interface Template {
  readonly pattern: RegExp;
  readonly chinese: string;
}

const SENTENCES = templates(tables.sentences, "(?:\\s+|$)");
const VALUES = templates(tables.values, "$");

/** A text of one sentence or several; null where one of them is not known. */
export function inChinese(detail: string): string | null {
  const found: string[] = [];
  for (let rest = detail.trim(); rest; ) {
    const hit = first(SENTENCES, rest);
    if (!hit) return null;
    found.push(hit.words);
    rest = rest.slice(hit.length);
  }
  return found.length ? found.join("") : null;
}

/** The first template that a text begins with, its gaps filled. */
function first(among: readonly Template[], text: string): { words: string; length: number } | null {
  for (const { pattern, chinese } of among) {
    const hit = pattern.exec(text);
    if (!hit) continue;
    const words = chinese.replace(/\{(\d)\}/g, (_, place: string) => valueInChinese(hit[Number(place)] ?? ""));
    return { words: words.replace(/(?<=\p{sc=Han}) (?=\p{sc=Han})/gu, ""), length: hit[0].length };
  }
  return null;
}

/** What stands in a gap: a number or name as it is, a known phrase in Chinese. */
const valueInChinese = (text: string): string => first(VALUES, text)?.words ?? (inner(text) || text);

/** A reason within a sentence, which has no full stop of its own. */
const inner = (text: string): string => (text.includes(" ") ? (first(SENTENCES, text)?.words ?? "") : "");

/** The templates as patterns, those with the most words of their own first. */
function templates(table: Readonly<Record<string, string>>, end: string): Template[] {
  const own = (template: string): number => template.replaceAll("{}", "").length;
  return Object.entries(table)
    .sort(([a], [b]) => own(b) - own(a))
    .map(([template, chinese]) => {
      const parts = template.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      return { pattern: new RegExp(`^${parts.join("(.+?)")}${end}`, "s"), chinese };
    });
}
