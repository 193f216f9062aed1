/** Giving away what is seen: to the clipboard, to other apps, and as a link to the exact settings. */
import { byId, show } from "./dom";
import type { Keepsake } from "./keepsakes";
import { say } from "./language";

export interface Gifts {
  /** The picture that is seen; null where there is none. */
  picture(): Promise<Keepsake | null>;
  /** The address that leads to the settings of now. */
  address(): string;
}

export function startGiving(gifts: Gifts): void {
  const example = new File(["."], "a.png", { type: "image/png" });
  show(byId("copy"), "clipboard" in navigator && "ClipboardItem" in window);
  show(byId("share"), navigator.canShare?.({ files: [example] }) ?? false);
  byId("copy").addEventListener("click", () => void tell(copyPicture(gifts), "copied"));
  byId("link").addEventListener("click", () => void tell(copyLink(gifts), "linkCopied"));
  byId("share").addEventListener("click", () => void sharePicture(gifts));
}

/** The browser wants the promise of the picture, not the picture later: else the click is forgotten. */
async function copyPicture(gifts: Gifts): Promise<void> {
  const picture = gifts.picture().then((made) => made?.blob ?? Promise.reject(new Error("nothing is shown")));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}

/** In the address bar as well, where a browser keeps pages from the clipboard. */
async function copyLink(gifts: Gifts): Promise<void> {
  history.replaceState(history.state, "", gifts.address());
  await navigator.clipboard.writeText(location.href);
}

async function sharePicture(gifts: Gifts): Promise<void> {
  const made = await gifts.picture();
  if (!made) return;
  const file = new File([made.blob], made.name, { type: made.blob.type });
  await navigator.share({ files: [file], title: made.name }).catch(() => undefined); // thought better of
}

async function tell(act: Promise<void>, done: "copied" | "linkCopied"): Promise<void> {
  const refused = done === "copied" ? "copyRefused" : "linkRefused";
  const words = await act.then(
    () => say(done),
    () => say(refused),
  );
  byId("given").textContent = words;
}
