import { describe, expect, it } from "vitest";
import { parseNpy } from "../src/npy";

/** The bytes that numpy.save writes for a float32 array of that shape; ``version`` 1 or 2. */
function npy(values: number[], shape: string, descr = "<f4", version = 1, fortran = "False"): ArrayBuffer {
  const lead = version === 1 ? 10 : 12;
  const words = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const header = `${words.padEnd(128 - lead - 1)}\n`;
  const buffer = new ArrayBuffer(128 + values.length * 4);
  const view = new DataView(buffer);
  [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0].forEach((byte, i) => view.setUint8(i, byte));
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  [...header].forEach((letter, i) => view.setUint8(lead + i, letter.charCodeAt(0)));
  values.forEach((value, i) => view.setFloat32(128 + i * 4, value, true));
  return buffer;
}

describe("parseNpy", () => {
  it.each([1, 2])("reads height, width and values of version %i", (version) => {
    const grid = parseNpy(npy([1, 2, 3, 4, 5, 6.5], "(2, 3)", "<f4", version));
    expect([grid.width, grid.height]).toEqual([3, 2]);
    expect([...grid.values]).toEqual([1, 2, 3, 4, 5, 6.5]);
  });

  it("looks at the file's own bytes and copies nothing", () => {
    const buffer = npy([1, 2], "(1, 2)");
    expect(parseNpy(buffer).values.buffer).toBe(buffer);
  });

  it.each([
    ["other files", new TextEncoder().encode("no NumPy file at all").buffer, "not a NumPy file"],
    ["an empty answer", new ArrayBuffer(0), "not a NumPy file"],
    ["other numbers", npy([1, 2], "(1, 2)", "<f8"), "float32"],
    ["columns first", npy([1, 2], "(1, 2)", "<f4", 1, "True"), "float32"],
    ["one axis", npy([1, 2], "(2,)"), "two axes"],
    ["a file cut off", npy([1, 2], "(5, 2)"), "40 expected"],
  ])("refuses %s", (_, buffer, words) => {
    expect(() => parseNpy(buffer as ArrayBuffer)).toThrow(words);
  });
});
