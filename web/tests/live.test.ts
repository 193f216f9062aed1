import { describe, expect, it } from "vitest";
import { cameraFailure } from "../src/camera";
import { Rate } from "../src/rate";
import { streamAddress } from "../src/stream";

describe("cameraFailure", () => {
  it.each([
    ["NotAllowedError", "camera_refused"],
    ["NotFoundError", "camera_none"],
    ["NotReadableError", "camera_in_use"],
    ["SomethingNew", "camera_in_use"],
  ])("of %s is %s", (name, code) => {
    expect(cameraFailure(name)).toBe(code);
  });
});

describe("streamAddress", () => {
  it.each([
    ["http://127.0.0.1:8080/", "ws://127.0.0.1:8080/v1/live?colormap=turbo"],
    ["https://a.example/depth/", "wss://a.example/depth/v1/live?colormap=turbo"],
  ])("beside %s is %s", (base, address) => {
    expect(streamAddress(base, { colormap: "turbo" })).toBe(address);
  });
});

describe("Rate", () => {
  it("counts the last two seconds and takes the middle delay", () => {
    const rate = new Rate();
    for (let i = 0; i <= 50; i += 1) rate.note(i * 100, i === 45 ? 900 : 20);
    expect(rate.read(5000)).toEqual({ perSecond: 10, delayMs: 20 });
  });

  it("is 0 where nothing comes any more", () => {
    const rate = new Rate();
    rate.note(0, 20);
    rate.note(100, 20);
    expect(rate.read(100).perSecond).toBe(10);
    expect(rate.read(5000).perSecond).toBe(0);
  });
});
