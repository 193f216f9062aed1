import { describe, expect, it } from "vitest";
import { MOST_SCALE, WHOLE, panned, revealing, seenAt, zoomed } from "../src/view";

describe("a view", () => {
  it("keeps what is under the pointer where it is", () => {
    const at = { x: 0.3, y: 0.7 };
    const near = zoomed(WHOLE, 3, at);
    expect(near.scale).toBe(3);
    expect(seenAt(near, at).x).toBeCloseTo(0.3);
    expect(seenAt(near, at).y).toBeCloseTo(0.7);
  });

  it("never shows what lies beside the picture", () => {
    expect(zoomed(WHOLE, 0.5, { x: 0, y: 0 })).toEqual(WHOLE);
    expect(zoomed(WHOLE, 1000, { x: 0, y: 0 }).scale).toBe(MOST_SCALE);
    const corner = panned(zoomed(WHOLE, 2, { x: 0.5, y: 0.5 }), 9, 9);
    expect(seenAt(corner, { x: 0, y: 0 })).toEqual({ x: 0, y: 0 });
  });

  it("follows a drag by the same share of the stage", () => {
    const before = zoomed(WHOLE, 4, { x: 0.5, y: 0.5 });
    const after = panned(before, 0.25, 0);
    expect(seenAt(after, { x: 0.75, y: 0.5 }).x).toBeCloseTo(seenAt(before, { x: 0.5, y: 0.5 }).x);
  });

  it("moves no farther than it has to for a place to be seen", () => {
    const near = zoomed(WHOLE, 4, { x: 0, y: 0 });
    const place = { x: 0.9, y: 0.1 };
    const moved = revealing(near, place);
    expect(Math.abs(place.x - moved.x) * moved.scale).toBeLessThanOrEqual(0.5);
    expect(moved.y).toBe(near.y);
  });
});
