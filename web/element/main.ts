/** The package for other pages: a function that estimates, and an element that shows. */
import { BrowserNetwork } from "../studio/look";
import { CARD } from "../studio/network";
import type { Key } from "../src/words";
import { NearfarDepth } from "./shown";
import type { DepthMap, EstimateOptions, Warning } from "./nearfar";

const WARNINGS: Partial<Record<Key, Warning>> = { warnDark: "dark", warnBlownOut: "blown_out", warnFlat: "flat" };
let network: BrowserNetwork | null = null;

/** The depth map of a picture; it is read, and stays the caller's. */
export async function estimate(picture: Blob | ImageBitmap, { maxSide, size, signal }: EstimateOptions = {}): Promise<DepthMap> {
  network ??= new BrowserNetwork();
  const own = picture instanceof Blob ? picture : await createImageBitmap(picture); // a bitmap that is sent is gone
  const { map, low, high, warnings } = await network.look(own, { maxSide: maxSide ?? null, size }, signal);
  const told = warnings.flatMap((key) => WARNINGS[key] ?? []);
  return { ...map, kind: CARD.kind, low, high, model: CARD.name, weightsSha256: CARD.sha256, warnings: told };
}

NearfarDepth.estimate = estimate;
if (!customElements.get("nearfar-depth")) customElements.define("nearfar-depth", NearfarDepth);

export { NearfarDepth };
