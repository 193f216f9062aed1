/** Which language is spoken, and how a sentence comes out of the words. */
import { type Key, type Words, en, zh } from "./words";

export type Language = "en" | "zh";
const WORDS: Record<Language, Words> = { en, zh };
const STORED = "nearfar.language";

/** The remembered language, else the first of the browser's that the page speaks, else English. */
export function firstLanguage(stored: string | null, preferred: readonly string[]): Language {
  if (stored === "en" || stored === "zh") return stored;
  for (const tag of preferred) {
    const language = tag.slice(0, 2).toLowerCase();
    if (language === "en" || language === "zh") return language;
  }
  return "en";
}

/** The sentence of a key, its {marks} filled in. */
export function sentence(language: Language, key: Key, fill: Record<string, string | number> = {}): string {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (mark, name: string) => String(fill[name] ?? mark));
}

let current: Language = "en";

export const language = (): Language => current;
export const say = (key: Key, fill?: Record<string, string | number>): string => sentence(current, key, fill);

export function startLanguage(): void {
  current = firstLanguage(recall(STORED), navigator.languages);
  speak();
}

export function switchLanguage(to: Language): void {
  current = to;
  remember(STORED, to);
  speak();
}

/** Fill every element that carries data-say (its text) or data-label (its accessible name). */
function speak(): void {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  document.title = say("title");
  for (const element of document.querySelectorAll<HTMLElement>("[data-say]")) {
    element.textContent = say(element.dataset.say as Key);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label as Key));
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden; the page works without
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // as above: then the choice lasts as long as the page
  }
}
