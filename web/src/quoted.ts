/** What the service says of a failure, quoted: in Chinese where that is spoken and the sentence is known. */
import { make } from "./dom";
import { language } from "./language";

/** The words stand there in English at once; their Chinese is loaded when it is first needed. */
export function quoted(detail: string, className = ""): HTMLElement {
  const words = make("q", { lang: "en", className }, detail);
  if (language() === "zh" && detail) void say(words, detail);
  return words;
}

async function say(words: HTMLElement, detail: string): Promise<void> {
  const { inChinese } = await import("./details");
  const own = inChinese(detail);
  if (own === null) return;
  words.lang = "zh-CN";
  words.textContent = own;
}
