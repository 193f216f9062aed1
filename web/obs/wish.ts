/** What an address of obs.html asks for: what is shown, and the look of the stream. */

/** ``heat``: the map of colours; ``near``: the camera's picture, clear where it is far. */
export type Show = "heat" | "near";

export interface Wish {
  readonly show: Show;
  /** Nearness, 0 (far) to 1 (near), from which the picture is seen, and the width of the soft edge above it. */
  readonly from: number;
  readonly soft: number;
  readonly look: { readonly colormap: string } & Record<string, string>;
  /** A key of the service: read behind "#", which never leaves the browser. */
  readonly key: string;
}

const LOOKS = ["model", "size", "range", "smooth"];

/** Read an address; what it does not say is as it is usual. */
export function wishOf(address: string): Wish {
  const url = new URL(address);
  const asked = url.searchParams;
  const show: Show = asked.get("show") === "near" ? "near" : "heat";
  const look: Record<string, string> = {};
  for (const name of LOOKS) {
    const value = asked.get(name);
    if (value !== null) look[name] = value;
  }
  return {
    show,
    from: share(asked.get("from"), 0.5),
    soft: Math.max(0.01, share(asked.get("soft"), 0.1)),
    look: { ...look, colormap: show === "near" ? "grey" : (asked.get("colormap") ?? "inferno") },
    key: new URLSearchParams(url.hash.slice(1)).get("key") ?? "",
  };
}

function share(text: string | null, usual: number): number {
  const value = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : usual;
}

/** Make pixels (RGBA) as clear as a grey map of nearness of the same size says: far is clear. */
export function cutByDepth(pixels: Uint8ClampedArray, grey: Uint8ClampedArray, from: number, soft: number): void {
  for (let at = 0; at < pixels.length; at += 4) {
    const near = (grey[at] as number) / 255;
    pixels[at + 3] = 255 * Math.min(1, Math.max(0, (near - from) / soft + 0.5));
  }
}
