import { describe, expect, it } from "vitest";
import { stem } from "../src/downloads";
import { totalSeconds, warningsOf } from "../src/source/service";
import { fit } from "../src/panels";

describe("warningsOf", () => {
  it.each([
    ["", []],
    ["dark: The photo is nearly black.", ["warnDark"]],
    ["dark: It is black, or nearly., flat: There is no detail.", ["warnDark", "warnFlat"]],
    ["own_depth: This photo carries its own depth (GDepth): own_depth takes it.", ["warnOwnDepth"]],
    ["eclipse: Something new.", ["warnOther"]],
  ])("of %j are %j", (header, keys) => {
    expect(warningsOf(header)).toEqual(keys);
  });
});

describe("totalSeconds", () => {
  it.each([
    ["queue;dur=0.1, decode;dur=201.7, total;dur=359.0", 0.359],
    ["", null],
  ])("of %j is %j", (header, seconds) => {
    expect(totalSeconds(header)).toBe(seconds);
  });
});

describe("stem", () => {
  it.each([
    ["photo.jpg", "photo"],
    ["C:\\pictures\\my photo.tar.gz", "my photo.tar"],
    ["我的 照片.png", "我的 照片"],
    [".hidden", ".hidden"],
    ["", "photo"],
  ])("of %j is %j", (name, base) => {
    expect(stem(name)).toBe(base);
  });
});

describe("fit", () => {
  it.each([
    [[4000, 3000], [2048, 1536]],
    [[100, 50], [100, 50]],
    [[20000, 10], [2048, 1]],
  ])("of %j is %j", ([width, height], [w, h]) => {
    expect(fit(width as number, height as number)).toEqual({ width: w, height: h });
  });
});
