import { describe, expect, it } from "vitest";
import { SHAPES, tapsOf } from "../src/lens/taps";

describe("tapsOf", () => {
  it.each(SHAPES)("of %s lie within the opening, evenly round its middle", (shape) => {
    const taps = tapsOf(shape, 200);
    let [x, y, area] = [0, 0, 0];
    for (let i = 0; i < taps.length; i += 3) {
      const [dx, dy, r] = [taps[i], taps[i + 1], taps[i + 2]] as [number, number, number];
      expect(Math.hypot(dx, dy)).toBeLessThanOrEqual(1.0001);
      x += dx / 200;
      y += dy / 200;
      area += Number(r < Math.SQRT1_2);
    }
    expect(Math.hypot(x, y)).toBeLessThan(0.02);
    expect(area).toBe(100); // half of them within half of the area
  });

  it("are narrow for an anamorphic lens and cornered for a hexagon", () => {
    const reach = (shape: (typeof SHAPES)[number], axis: number): number =>
      Math.max(...tapsOf(shape, 400).filter((_, i) => i % 3 === axis).map(Math.abs));
    expect(reach("anamorphic", 0)).toBeLessThan(0.61);
    expect(reach("hexagon", 1)).toBeLessThan(0.9 * reach("disc", 1));
  });
});
