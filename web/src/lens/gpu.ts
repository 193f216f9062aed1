/** The lens by WebGPU: the same picture as `lens.ts` makes by WebGL2, where a graphics card is reached that way. */
import { type Depth, steps } from "../depth";
import { make } from "../dom";
import type { Aperture, Care, Machine } from "./lens";
import { MOST_TAPS } from "./shaders";
import { tapsOf } from "./taps";

// What is used how, as WebGPU numbers it: buffers written as uniforms, or read here; textures written and seen, or drawn and copied.
const [UNIFORM_WRITTEN, COPIED_READ, TEXTURE_WRITTEN, DRAWN_COPIED] = [0x40 | 0x08, 0x08 | 0x01, 0x04 | 0x02, 0x10 | 0x01];
const READ = 1;
const ROW_BYTES = 256; // rows of a copy begin at multiples of it
const FORMAT = "rgba8unorm";
const HEAD_FLOATS = 8; // before the taps: see Look
const PROGRAM = `
struct Look {
  pixel: vec2f, focus: f32, field: f32,
  gain: f32, largest: f32, highlights: f32, count: f32,
  taps: array<vec4f, ${MOST_TAPS}>,
}
@group(0) @binding(0) var scene: texture_2d<f32>;
@group(0) @binding(1) var nearest: sampler;
@group(0) @binding(2) var<uniform> look: Look;

struct Corner { @builtin(position) place: vec4f, @location(0) at: vec2f }

@vertex fn corner(@builtin(vertex_index) index: u32) -> Corner {
  let at = vec2f(f32(index & 1u), f32(index >> 1u));
  return Corner(vec4f(at.x * 2 - 1, 1 - at.y * 2, 0, 1), at);
}

fn away(nearness: f32) -> f32 {
  let off = nearness - look.focus;
  return sign(off) * max(0, abs(off) - look.field) * look.gain;
}

fn light(c: vec3f) -> vec3f {
  return c * c * (1 + look.highlights * max(0, max(max(c.r, c.g), c.b) * 4 - 3));
}

@fragment fn gather(corner: Corner) -> @location(0) vec4f {
  let own = textureSampleLevel(scene, nearest, corner.at, 0);
  let here = away(own.a);
  var sum = light(own.rgb);
  var weight = 1.0;
  for (var i = 0; i < i32(look.count); i += 1) {
    let tap = textureSampleLevel(scene, nearest, corner.at + look.taps[i].xy * look.largest * look.pixel, 0);
    let there = away(tap.a);
    var reach = abs(there);
    if (there < here) { reach = min(reach, abs(here) * 2); }
    sum += mix(sum / weight, light(tap.rgb), clamp(reach - look.taps[i].z * look.largest + 0.5, 0.0, 1.0));
    weight += 1;
  }
  let blurred = min(sqrt(sum / weight), vec3f(1));
  return vec4f(select(own.rgb, blurred, look.largest > 0.5), 1);
}`;

export class GpuLens implements Machine {
  readonly by = "webgpu";
  private readonly screen: CanvasRenderingContext2D;
  private readonly pipeline: GPURenderPipeline;
  private readonly look: GPUBuffer;
  private scene: GPUTexture | null = null;
  private size = { width: 1, height: 1 };

  /** A card that WebGPU reaches; null where there is none but a stand-in on the processor. */
  static async device(): Promise<GPUDevice | null> {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
    if (!adapter || adapter.info.isFallbackAdapter) return null;
    return adapter.requestDevice().catch(() => null);
  }

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly device: GPUDevice,
  ) {
    const screen = canvas.getContext("2d", { alpha: false });
    if (!screen) throw new Error("no canvas");
    this.screen = screen;
    const module = device.createShaderModule({ code: PROGRAM });
    this.pipeline = device.createRenderPipeline({
      layout: "auto",
      vertex: { module },
      fragment: { module, targets: [{ format: FORMAT }] },
      primitive: { topology: "triangle-strip" },
    });
    this.look = device.createBuffer({ size: (HEAD_FLOATS + MOST_TAPS * 4) * 4, usage: UNIFORM_WRITTEN });
  }

  load(photo: CanvasImageSource, depth: Depth): void {
    const { width, height } = (this.size = { width: depth.width, height: depth.height });
    const context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    context.drawImage(photo, 0, 0, width, height);
    const pixels = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
    steps(depth, width, height).forEach((step, i) => (pixels[i * 4 + 3] = step >> 8));
    this.scene?.destroy();
    this.scene = this.device.createTexture({ size: [width, height], format: FORMAT, usage: TEXTURE_WRITTEN });
    this.device.queue.writeTexture({ texture: this.scene }, pixels, { bytesPerRow: width * 4 }, [width, height]);
  }

  /** As of `Machine`; a card draws all of it in one go. */
  async draw(aperture: Aperture, { taps, scale }: Care): Promise<number> {
    const begun = performance.now();
    const [width, height] = [Math.round(this.size.width * scale), Math.round(this.size.height * scale)];
    this.set(aperture, Math.min(MOST_TAPS, Math.round(taps)));
    const commands = this.device.createCommandEncoder();
    const drawn = this.device.createTexture({ size: [width, height], format: FORMAT, usage: DRAWN_COPIED });
    const pass = commands.beginRenderPass({ colorAttachments: [{ view: drawn.createView(), loadOp: "clear", storeOp: "store" }] });
    pass.setPipeline(this.pipeline);
    pass.setBindGroup(0, this.bound());
    pass.draw(4);
    pass.end();
    const bytesPerRow = Math.ceil((width * 4) / ROW_BYTES) * ROW_BYTES;
    const copy = this.device.createBuffer({ size: bytesPerRow * height, usage: COPIED_READ });
    commands.copyTextureToBuffer({ texture: drawn }, { buffer: copy, bytesPerRow }, [width, height]);
    this.device.queue.submit([commands.finish()]);
    await copy.mapAsync(READ);
    this.put(new Uint8Array(copy.getMappedRange()), bytesPerRow, { width, height });
    copy.destroy();
    drawn.destroy();
    return performance.now() - begun;
  }

  /** Pixels onto the canvas: one of WebGPU's own would be empty to whoever reads it later. */
  private put(bytes: Uint8Array, bytesPerRow: number, { width, height }: { width: number; height: number }): void {
    const pixels = new ImageData(width, height);
    for (let y = 0; y < height; y += 1) pixels.data.set(bytes.subarray(y * bytesPerRow, y * bytesPerRow + width * 4), y * width * 4);
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    this.screen.putImageData(pixels, 0, 0);
  }

  private bound(): GPUBindGroup {
    if (!this.scene) throw new Error("no photo");
    const entries = [
      { binding: 0, resource: this.scene.createView() },
      { binding: 1, resource: this.device.createSampler() },
      { binding: 2, resource: { buffer: this.look } },
    ];
    return this.device.createBindGroup({ layout: this.pipeline.getBindGroupLayout(0), entries });
  }

  private set({ focus, strength, field, shape, highlights }: Aperture, count: number): void {
    const { width, height } = this.size;
    const largest = (strength / 100) * Math.max(width, height);
    const farthest = Math.max(focus - field, 1 - focus - field, 1e-3);
    const values = new Float32Array(HEAD_FLOATS + MOST_TAPS * 4);
    values.set([1 / width, 1 / height, focus, field, largest / farthest, largest, highlights, count]);
    const taps = tapsOf(shape, count);
    for (let i = 0; i < count; i += 1) values.set(taps.subarray(i * 3, i * 3 + 3), HEAD_FLOATS + i * 4);
    this.device.queue.writeBuffer(this.look, 0, values);
  }
}
