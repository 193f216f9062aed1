/** The key of the service, where it needs one: kept for this tab alone, sent as a header, never in an address. */
const NAME = "nearfar-key";

let kept = read();

/** What a request carries: the key, or nothing where none was given. */
export function keyHeaders(): Record<string, string> {
  return kept ? { Authorization: `Bearer ${kept}` } : {};
}

/** The words with which a websocket, which cannot set headers, carries the key. */
export function keyProtocols(): string[] {
  return kept ? ["nearfar", `nearfar-key.${kept}`] : [];
}

export function hasKey(): boolean {
  return kept !== "";
}

/** Take a key, as typed or pasted; an empty one takes it away. */
export function keepKey(text: string): void {
  kept = text.replace(/[^\x21-\x7e]/g, ""); // nothing else can stand in a header
  try {
    sessionStorage.setItem(NAME, kept);
  } catch {
    // a browser that keeps nothing: it holds until the page is loaded again
  }
}

function read(): string {
  try {
    return sessionStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
