import { beforeEach, describe, expect, it } from "vitest";
import { type Mode, Modes } from "../src/modes/mode";

let heard: string[] = [];

function fake(name: string): Mode {
  const hear = (what: string) => () => void heard.push(`${what} ${name}`);
  return { open: hear("open"), close: hear("close"), words: hear("words"), forget: hear("forget") };
}

describe("Modes", () => {
  let modes = new Modes({ one: fake("one"), two: fake("two") });

  beforeEach(() => {
    heard = [];
    modes = new Modes({ one: fake("one"), two: fake("two") });
  });

  it("closes the one that is open before it opens another", () => {
    modes.show("one");
    modes.show("two");
    expect(heard).toEqual(["open one", "close one", "open two"]);
  });

  it("opens the same once more without closing it", () => {
    modes.show("one");
    modes.show("one");
    expect(heard).toEqual(["open one", "open one"]);
  });

  it("closes once where none is to be open", () => {
    modes.show("two");
    modes.show(null);
    modes.show(null);
    expect(heard).toEqual(["open two", "close two"]);
  });

  it("tells all of new words and of a photo that is gone, open or not", () => {
    modes.show("one");
    modes.words();
    modes.forget();
    expect(heard.slice(1)).toEqual(["words one", "words two", "forget one", "forget two"]);
  });

  it("counts a mode as open while it opens, should it be closed from within", () => {
    const inner = fake("inner");
    const table = new Modes({ inner: { ...inner, open: () => table.show(null) } });
    table.show("inner");
    table.show(null);
    expect(heard).toEqual(["close inner"]);
  });
});
