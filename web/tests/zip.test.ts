import { describe, expect, it } from "vitest";
import { crc32 } from "../src/crc32";
import { zipped } from "../src/zip";

describe("crc32", () => {
  it("is the check sum of PNG and ZIP", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });
});

describe("zipped", () => {
  it("holds every file as it is, each under a name of its own", async () => {
    const files = ["one", "two", "three"].map((text) => ({ name: "图.depth.png", blob: new Blob([text]) }));
    const bytes = new Uint8Array(await (await zipped(files)).arrayBuffer());
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 22;
    expect(view.getUint32(end, true)).toBe(0x06054b50);
    expect(view.getUint16(end + 10, true)).toBe(3);
    const found: [string, string][] = [];
    for (let at = view.getUint32(end + 16, true); at < end; at += 46 + view.getUint16(at + 28, true)) {
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
      const local = view.getUint32(at + 42, true);
      const start = local + 30 + view.getUint16(local + 26, true);
      const content = bytes.subarray(start, start + view.getUint32(at + 24, true));
      expect(view.getUint32(at + 16, true)).toBe(crc32(content));
      found.push([name, new TextDecoder().decode(content)]);
    }
    expect(found).toEqual([["图.depth.png", "one"], ["图-2.depth.png", "two"], ["图-3.depth.png", "three"]]);
  });
});
