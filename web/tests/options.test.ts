import { describe, expect, it } from "vitest";
import { choiceName, effectName, formatName, inOrder, optionName } from "../src/names";
import {
  type Option,
  defaultText,
  isClip,
  pair,
  placeOf,
  placeOption,
  placeText,
  queryOf,
  sliderOf,
} from "../src/options";

const option = (row: Partial<Option>): Option => ({
  name: "strength",
  type: "float",
  default: 1.2,
  low: 0,
  high: 10,
  choices: [],
  help: "",
  form: "",
  ...row,
});
const photo = { width: 4000, height: 3000 };
const copy = { width: 1280, height: 960 };

describe("sliderOf", () => {
  it("comes back to the value that it gave", () => {
    const slider = sliderOf(option({}));
    expect(slider?.at(0)).toBe(0);
    expect(slider?.at(1)).toBe(10);
    expect(slider?.at(slider.placeOf(1.2))).toBeCloseTo(1.2, 2);
  });

  it("gives a small default room on its left", () => {
    expect(sliderOf(option({ default: 0.03, high: 1 }))?.placeOf(0.03)).toBeCloseTo(0.35, 2);
    expect(sliderOf(option({ default: 0.5, high: 1 }))?.placeOf(0.5)).toBe(0.5);
  });

  it("gives whole numbers for whole numbers", () => {
    expect(sliderOf(option({ type: "int", default: 5, low: 2, high: 64 }))?.at(0.4)).toSatisfy(Number.isInteger);
  });

  it.each([{ high: null }, { low: null }, { high: 2147483647 }, { type: "str" }, { low: 3, high: 3 }])(
    "is of no use for %j",
    (row) => {
      expect(sliderOf(option(row))).toBeNull();
    },
  );
});

describe("queryOf", () => {
  const focus = option({ name: "focus", type: "str", default: null, form: "PIXEL" });
  const light = option({ name: "light", type: "str", default: [0.2, 0.2], form: "PLACE" });

  it("names what was changed alone", () => {
    const values = new Map([
      ["strength", "1.2"],
      ["focus", ""],
      ["light", "0.2,0.2"],
    ]);
    expect(queryOf([option({}), focus, light], values, photo, copy)).toEqual({});
    expect(queryOf([option({})], new Map([["strength", "99"]]), photo, copy)).toEqual({ strength: "99" });
  });

  it("moves pixels to the smaller copy, and places not", () => {
    const values = new Map([
      ["focus", "3999,1500"],
      ["light", "0.5,0.1"],
    ]);
    expect(queryOf([focus, light], values, photo, copy)).toEqual({ focus: "1279,480", light: "0.5,0.1" });
    expect(queryOf([focus], values, photo, photo)).toEqual({ focus: "3999,1500" });
  });

  it("leaves it to the service to refuse what is no pixel", () => {
    expect(queryOf([focus], new Map([["focus", "there"]]), photo, copy)).toEqual({ focus: "there" });
  });
});

describe("places", () => {
  const focus = option({ form: "PIXEL" });
  const light = option({ form: "PLACE" });

  it.each([
    ["1,2", [1, 2]],
    [" 0.5 , 3 ", [0.5, 3]],
    ["1,", null],
    ["1,2,3", null],
    ["a,b", null],
    ["", null],
  ])("of %j are %j", (text, found) => {
    expect(pair(text)).toEqual(found);
  });

  it("come back from their text", () => {
    expect(placeText(focus, 1, 0.5, photo)).toBe("3999,1500");
    expect(placeText(light, 1, 0.5, photo)).toBe("1.000,0.500");
    expect(placeOf(light, "1.000,0.500", photo)).toEqual({ x: 1, y: 0.5 });
    expect(placeOf(focus, "1999,1499", photo)?.x).toBeCloseTo(0.5, 3);
    expect(placeOf(focus, "5000,10", photo)).toBeNull();
  });
});

describe("plug-ins", () => {
  const plugin = (options: Option[], suffixes = [".png"]) => ({ name: "x", summary: "", suffixes, options });

  it("that give a clip are told apart", () => {
    expect(isClip(plugin([]))).toBe(false);
    expect(isClip(plugin([], [".mp4", ".webm"]))).toBe(true);
    expect(isClip(plugin([option({ name: "format", choices: ["gif", "webp"] })], [".gif"]))).toBe(true);
  });

  it("have at most one place", () => {
    expect(placeOption(plugin([option({})]))).toBeNull();
    expect(placeOption(plugin([option({}), option({ name: "focus", form: "PIXEL" })]))?.name).toBe("focus");
  });

  it("tell defaults as texts", () => {
    expect([null, 1.5, true, [0.2, 0.3], "disc"].map((value) => defaultText(option({ default: value })))).toEqual([
      "",
      "1.5",
      "true",
      "0.2,0.3",
      "disc",
    ]);
  });
});

describe("names", () => {
  it("are of the language, or the service's own", () => {
    expect(effectName("zh", "bokeh")).toBe("背景虚化");
    expect(effectName("zh", "something-new")).toBe("Something new");
    expect(formatName("en", "usdz")).toBe("USDZ");
    expect(optionName("en", "depth_of_field")).toBe("Depth of field");
    expect(choiceName("zh", "disc")).toBe("圆形");
    expect(choiceName("zh", "mp4")).toBe("MP4");
  });

  it("stand in a fixed order, new ones behind", () => {
    expect(inOrder([{ name: "new" }, { name: "fog" }, { name: "bokeh" }]).map(({ name }) => name)).toEqual([
      "bokeh",
      "fog",
      "new",
    ]);
  });
});
