/** How a depth map is looked at: its colours, the values they span, and how much of the photo shows through. */
import type { ColormapName } from "./colors";
import type { Depth } from "./depth";

/** Values between which something happens, in the unit of the depth map. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

export interface Look {
  readonly colormap: ColormapName;
  /** What the colours span; null is the whole map. */
  readonly span: Span | null;
  /** Of the heat map over the photo, 0…1. */
  readonly opacity: number;
}

/** The values that colours span in a depth map. */
export const spanOf = (look: Look, depth: Depth): Span => look.span ?? depth;
