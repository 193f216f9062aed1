import { describe, expect, it } from "vitest";
import tables from "../src/details.json";
import { inChinese } from "../src/details";
import { modelTitle } from "../src/names";

describe("a detail of the service", () => {
  it.each([
    ["density is 40.0, but 0 to 20 was expected.", "density 是 40.0，但应为 0 到 20。"],
    ["scene.jpg is empty.", "scene.jpg 是空的。"],
    ["scene.jpg is not a picture in a format that nearfar reads. Give a JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, BMP, GIF, PPM or PGM file.", "scene.jpg 不是 nearfar 能读取的图片格式。请给 JPEG、PNG、WebP、AVIF、HEIC、JPEG XL、TIFF、BMP、GIF、PPM 或 PGM 文件。"],
    ["layout is 'up'. Did you mean 'parallel'?", "layout 是“up”。是否想写“parallel”？"],
    ["a.jpg is damaged and cannot be decoded: it ends before its pixels do. Save or download it again.", "a.jpg 已损坏，无法解码：它在像素结束之前就没有了。请重新保存或下载。"],
    ["a.mp4 is not a video that can be read. Take a file that FFmpeg plays, such as .mp4, .mov, .mkv, .webm, .avi or .ts. Of an .mp4 that is cut off the index is lost, which stands at its end: it cannot be read.", "a.mp4 不是能读取的视频。请用 FFmpeg 能播放的文件，例如 .mp4、.mov、.mkv、.webm、.avi 或 .ts。被截断的 .mp4 丢失了末尾的索引，因此无法读取。"],
    ["100 jobs of this caller have not ended, as many as may be. Wait for one of them to end, cancel some, or put more into one (NEARFAR_JOBS_PER_CALLER).", "此来访者有 100 个任务尚未结束，已达上限。请等其中一个结束、取消一些，或把更多内容放进一个任务（NEARFAR_JOBS_PER_CALLER）。"],
    ["the image is damaged and cannot be decoded: it ends before its pixels do. Save or download it again.", "这张图片已损坏，无法解码：它在像素结束之前就没有了。请重新保存或下载。"],
    ["There is no model 'nearfer'. Did you mean 'nearfar'?", "没有模型“nearfer”。是否想写“nearfar”？"],
    ["No worker can be started: the zygote has ended. Try again.", "无法启动工作进程：工作进程的母进程已结束。请再试一次。"],
    ["This service does not answer to 'depth.example'. Name it in the setting NEARFAR_HOSTS of the service, commas between, or * for any.", "本服务不以“depth.example”这个名称应答。请把它写进服务的设置 NEARFAR_HOSTS，以逗号分隔，或用 * 表示任意。"],
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
