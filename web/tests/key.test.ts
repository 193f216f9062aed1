import { beforeEach, describe, expect, test, vi } from "vitest";

const NAME = "nearfar-key";

/** The module as a page that was just loaded has it. */
async function loaded(): Promise<typeof import("../src/key")> {
  vi.resetModules();
  return import("../src/key");
}

describe("the key", () => {
  const held = new Map<string, string>();

  beforeEach(() => {
    held.clear();
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => held.get(name) ?? null,
      setItem: (name: string, text: string) => void held.set(name, text),
    });
  });

  test("is not sent where there is none", async () => {
    const key = await loaded();
    expect(key.hasKey()).toBe(false);
    expect(key.keyHeaders()).toEqual({});
    expect(key.keyProtocols()).toEqual([]);
  });

  test("goes with a websocket as a word of its handshake", async () => {
    const key = await loaded();
    key.keepKey("nf-1-2");
    expect(key.keyProtocols()).toEqual(["nearfar", "nearfar-key.nf-1-2"]);
  });

  test("is sent as a header, and known again after a reload", async () => {
    (await loaded()).keepKey("nf-1-2");
    const key = await loaded();
    expect(key.hasKey()).toBe(true);
    expect(key.keyHeaders()).toEqual({ Authorization: "Bearer nf-1-2" });
  });

  test("loses what cannot stand in a header, such as the line end of what was pasted", async () => {
    (await loaded()).keepKey(" nf-1\u00a0-2\r\n");
    expect(held.get(NAME)).toBe("nf-1-2");
  });

  test("holds until the next load where the browser keeps nothing", async () => {
    const refuse = () => {
      throw new Error("denied");
    };
    vi.stubGlobal("sessionStorage", { getItem: refuse, setItem: refuse });
    const key = await loaded();
    key.keepKey("nf-1-2");
    expect(key.hasKey()).toBe(true);
  });
});
