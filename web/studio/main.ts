/** The page without a server: it asks the network in this browser, and hides what a service alone can do. */
import { start } from "../src/start";
import { BrowserSource } from "./source";

const SERVICE_ALONE = "a[href=docs], #help-link";

for (const choice of document.querySelectorAll<HTMLElement>(SERVICE_ALONE)) choice.hidden = true;
for (const word of ["promise", "formats", "livePromise"]) {
  for (const place of document.querySelectorAll<HTMLElement>(`[data-say=${word}]`)) place.dataset.say = `${word}Here`;
}
start(new BrowserSource());
