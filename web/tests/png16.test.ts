import { describe, expect, it } from "vitest";
import { encodePng16 } from "../src/png16";

const STEPS = Uint16Array.from([0, 1, 65535, 256, 255, 40000]);

/** Chunks by name. */
async function chunks(blob: Blob): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    const name = new TextDecoder().decode(bytes.subarray(at + 4, at + 8));
    found.set(name, bytes.slice(at + 8, at + 8 + view.getUint32(at)));
  }
  return found;
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe("encodePng16", () => {
  it("keeps every value", async () => {
    const found = await chunks(await encodePng16(STEPS, 3, 2));
    const rows = await inflated(found.get("IDAT") ?? new Uint8Array());
    const values: number[] = [];
    const above = new Uint8Array(6);
    for (let y = 0; y < 2; y += 1) {
      expect(rows[y * 7]).toBe(2);
      for (let i = 0; i < 6; i += 1) above[i] = (above[i] as number) + (rows[y * 7 + 1 + i] as number);
      for (let x = 0; x < 3; x += 1) values.push((above[2 * x] as number) * 256 + (above[2 * x + 1] as number));
    }
    expect(values).toEqual([...STEPS]);
  });

  it("tells its size, its sixteen bits of grey and its texts", async () => {
    const found = await chunks(await encodePng16(STEPS, 3, 2, { low: "0.5" }));
    expect([...(found.get("IHDR") ?? [])]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 16, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(found.get("tEXt"))).toBe("low\0" + "0.5");
  });
});
