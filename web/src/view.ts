/** Which part of the picture a stage shows: how large, and what lies in its middle. */

/** 0…1 from the left and from the top of the whole picture. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface View {
  /** 1 shows the whole picture. */
  readonly scale: number;
  /** The place of the picture in the middle of the stage. */
  readonly x: number;
  readonly y: number;
}

export const WHOLE: View = { scale: 1, x: 0.5, y: 0.5 };
export const MOST_SCALE = 16;

const between = (low: number, n: number, high: number): number => Math.min(high, Math.max(low, n));

/** The nearest view that shows nothing beside the picture. */
export function held({ scale, x, y }: View): View {
  const own = between(1, scale, MOST_SCALE);
  const half = 0.5 / own;
  return { scale: own, x: between(half, x, 1 - half), y: between(half, y, 1 - half) };
}

/** The place of the picture that is at a place of the stage. */
export function seenAt(view: View, stage: Place): Place {
  return { x: view.x + (stage.x - 0.5) / view.scale, y: view.y + (stage.y - 0.5) / view.scale };
}

/** Larger or smaller by a factor, with what is at a place of the stage staying there. */
export function zoomed(view: View, factor: number, stage: Place): View {
  const at = seenAt(view, stage);
  const scale = between(1, view.scale * factor, MOST_SCALE);
  return held({ scale, x: at.x - (stage.x - 0.5) / scale, y: at.y - (stage.y - 0.5) / scale });
}

/** The picture drawn along by a share of the stage. */
export function panned(view: View, dx: number, dy: number): View {
  return held({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
}

/** The nearest view in which a place is seen. */
export function revealing(view: View, place: Place): View {
  const reach = 0.45 / view.scale;
  return held({
    ...view,
    x: between(place.x - reach, view.x, place.x + reach),
    y: between(place.y - reach, view.y, place.y + reach),
  });
}
