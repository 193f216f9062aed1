/** The settings of the page as words of an address, and back: what a link to them holds. */

/** Controls that count, by their id: each has its own default in the page. */
const CONTROLS = [
  "opacity",
  "save-format",
  "save-size",
  "aperture",
  "field",
  "bloom",
  "shape",
  "cut-tolerance",
  "cut-soft",
  "cut-ground",
  "cut-colour",
  "space-body",
  "space-motion",
  "space-far",
  "space-kept",
  "space-size",
  "space-fov",
  "camera-height",
  "horizon",
  "measure-fov",
] as const;

type Control = HTMLInputElement | HTMLSelectElement;

const controls = (): [string, Control][] => CONTROLS.map((id) => [id, document.getElementById(id) as Control]);

/** The address of the settings of now: what is not as the page came, and what modes keep themselves. */
export function addressOf(more: Record<string, string>): string {
  const words = new URLSearchParams({ ...more, ...changedSettings() });
  return `${location.pathname}#${words}`;
}

/** The words of the address that the page was opened with. */
export const wordsOfAddress = (): URLSearchParams => new URLSearchParams(location.hash.slice(1));

/** What every control that is not as the page came says. */
function changedSettings(): Record<string, string> {
  return Object.fromEntries(controls().filter(([, control]) => control.value !== usual(control)).map(([id, { value }]) => [id, value]));
}

/** Set the controls that an address names, as if a person had. */
export function applySettings(words: URLSearchParams): void {
  for (const [id, control] of controls()) {
    const value = words.get(id);
    if (value === null) continue;
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function usual(control: Control): string {
  return control instanceof HTMLInputElement ? control.defaultValue : (control.options[0]?.value ?? "");
}
