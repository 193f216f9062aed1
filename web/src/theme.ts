/** Light or dark: as the system has it, unless the button says otherwise. */
import { byId } from "./dom";
import { recall, remember, say } from "./language";
import type { Key } from "./words";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const LABELS: Record<Theme, Key> = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };
const STORED = "nearfar.theme";

let current: Theme = "auto";

export function startTheme(): void {
  current = THEMES.find((theme) => theme === recall(STORED)) ?? "auto";
  showTheme();
  byId("theme").addEventListener("click", () => {
    current = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] as Theme;
    remember(STORED, current);
    showTheme();
  });
}

/** Put the theme on the page and its name, in the language of now, on the button. */
export function showTheme(): void {
  document.documentElement.dataset.theme = current;
  const button = byId("theme");
  button.setAttribute("aria-label", say(LABELS[current]));
  button.title = say(LABELS[current]);
}
