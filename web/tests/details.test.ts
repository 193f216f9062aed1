import { describe, expect, it } from "vitest";
import tables from "../src/details.json";
import { inChinese } from "../src/details";
import { modelTitle } from "../src/names";

describe("a detail of the service", () => {
  it.each([
    ["density is 40.0, but 0 to 20 was expected.", "density 是 40.0，但应为 0 到 20。"],
    ["scene.jpg is empty.", "scene.jpg 是空的。"],
    ["layout is 'up'. Did you mean 'parallel'?", "layout 是“up”。是否想写“parallel”？"],
    ["a.jpg is damaged and cannot be decoded: it ends before its pixels do. Save or download it again.", "a.jpg 已损坏，无法解码：它在像素结束之前就没有了。请重新保存或下载。"],
    ["The effect 'fog' failed on 9×9 pixels: no. Scale the photo down, or choose other options.", "效果“fog”在 9×9 像素上失败：no。请缩小照片，或换用其他选项。"],
  ])("is said in Chinese: %s", (english, chinese) => {
    expect(inChinese(english)).toBe(chinese);
  });

  it("stays English where one sentence of it is not known", () => {
    expect(inChinese("scene.jpg is empty. Something new happened.")).toBeNull();
    expect(inChinese("")).toBeNull();
  });

  it("loses no value on the way", () => {
    for (const [english, chinese] of [...Object.entries(tables.sentences), ...Object.entries(tables.values)]) {
      const gaps = english.split("{}").length - 1;
      expect(new Set(chinese.match(/\{\d\}/g) ?? []).size, english).toBe(gaps);
    }
  });
});

describe("a model's title", () => {
  it("is said in Chinese, its names as they are", () => {
    expect(modelTitle("zh", "Depth Anything V2 Metric Indoor Small")).toBe("Depth Anything V2 米制·室内 小型");
    expect(modelTitle("zh", "ZoeDepth M12-NK (rooms and streets)")).toBe("ZoeDepth M12-NK (室内与街道)");
    expect(modelTitle("en", "Nearfar embedded")).toBe("Nearfar embedded");
  });
});
