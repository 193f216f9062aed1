import { describe, expect, it } from "vitest";
import { cutByDepth, wishOf } from "../obs/wish";

const wish = (rest: string) => wishOf(`http://127.0.0.1:8080/obs.html${rest}`);

describe("a browser source's address", () => {
  it("says what is shown, and the look of the stream", () => {
    expect(wish("").look).toEqual({ colormap: "inferno" });
    expect(wish("?colormap=turbo&smooth=0.9&size=192&other=1").look).toEqual({ colormap: "turbo", smooth: "0.9", size: "192" });
    expect(wish("?show=near&colormap=turbo").look).toEqual({ colormap: "grey" });
  });

  it("falls back on what is usual where a number is none", () => {
    expect(wish("?show=near&from=0.7&soft=2")).toMatchObject({ show: "near", from: 0.7, soft: 1 });
    expect(wish("?show=all&from=near&soft=0")).toMatchObject({ show: "heat", from: 0.5, soft: 0.01 });
  });

  it("carries a key where no server sees it", () => {
    expect(wish("#key=nf_abc").key).toBe("nf_abc");
    expect(wish("?key=nf_abc").key).toBe("");
  });
});

it("makes clear what is far, with a soft edge", () => {
  const pixels = new Uint8ClampedArray([1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255]);
  const grey = new Uint8ClampedArray([51, 51, 51, 255, 128, 128, 128, 255, 204, 204, 204, 255]);
  cutByDepth(pixels, grey, 0.5, 0.2);
  expect(pixels[3]).toBe(0);
  expect(pixels[7]).toBeCloseTo(130, -1);
  expect([...pixels.slice(8)]).toEqual([7, 8, 9, 255]);
});
