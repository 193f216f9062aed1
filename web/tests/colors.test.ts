import { describe, expect, it } from "vitest";
import { COLORMAPS, colorTable, colorize } from "../src/colors";

const rgb = (name: (typeof COLORMAPS)[number], step: number) => [
  ...colorize(Uint16Array.of(step), name).subarray(0, 3),
];

describe("colours", () => {
  it("are those of seven maps", () => {
    expect(COLORMAPS).toEqual(["inferno", "magma", "plasma", "viridis", "turbo", "spectral", "grey"]);
  });

  it("go from the far end of inferno to its near end", () => {
    expect([rgb("inferno", 0), rgb("inferno", 65535)]).toEqual([[0, 0, 4], [252, 255, 164]]);
  });

  it("lie between their anchors where a step does", () => {
    expect(rgb("grey", 257 * 100 + 128)).toEqual([100, 100, 100]);
    expect(rgb("grey", 257 * 100 + 129)).toEqual([101, 101, 101]);
  });

  it.each(COLORMAPS)("of %s are opaque and made once", (name) => {
    const table = colorTable(name);
    expect(new Uint8Array(table.buffer).filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
    expect(colorTable(name)).toBe(table);
  });
});
