/** A lens that is focused afterwards: the photo out of focus by its depth, drawn by WebGL2. */
import { type Depth, steps } from "../depth";
import { make } from "../dom";
import { FRAGMENT, MOST_TAPS, VERTEX } from "./shaders";
import { type Shape, tapsOf } from "./taps";

export interface Aperture {
  /** Nearness in focus, 0…1. */
  readonly focus: number;
  /** Largest radius of the blur in percent of the longer side. */
  readonly strength: number;
  /** Share of the depth that stays sharp on each side of the focus. */
  readonly field: number;
  readonly shape: Shape;
  /** How much bright spots bloom. */
  readonly highlights: number;
}

/** What draws the lens on a canvas. */
export interface Machine {
  readonly by: "webgl2" | "webgpu";
  /** Look at another photo, in the size of its depth map. */
  load(photo: CanvasImageSource, depth: Depth): void;
  /**
   * Draw with a number of taps, at a share of the size, in so many strips, and give the milliseconds that it took.
   * ``isWanted`` is asked between strips; where it says no, the rest is left.
   */
  draw(aperture: Aperture, care: Care, isWanted: () => boolean): Promise<number>;
}

const LOOK_MS = 3;

export class Lens implements Machine {
  readonly by = "webgl2";
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private size = { width: 1, height: 1 };

  /** Throws an Error where the browser has no WebGL2. */
  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL2");
    this.gl = gl;
    this.program = programOf(gl);
    gl.useProgram(this.program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, Float32Array.from([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const key of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, key, gl.CLAMP_TO_EDGE);
    for (const key of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, key, gl.NEAREST);
  }

  load(photo: CanvasImageSource, depth: Depth): void {
    const { gl } = this;
    const { width, height } = (this.size = { width: depth.width, height: depth.height });
    const context = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    context.drawImage(photo, 0, 0, width, height);
    const pixels = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
    steps(depth, width, height).forEach((step, i) => (pixels[i * 4 + 3] = step >> 8));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  }

  async draw(aperture: Aperture, { taps, scale, strips }: Care, isWanted: () => boolean): Promise<number> {
    const { gl } = this;
    const begun = performance.now();
    const [width, height] = [Math.round(this.size.width * scale), Math.round(this.size.height * scale)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      if (strips > 1) await this.draw(aperture, { taps: 16, scale, strips: 1 }, isWanted); // nothing black meanwhile
      this.canvas.width = width;
      this.canvas.height = height;
      gl.viewport(0, 0, width, height);
    }
    this.set(aperture, Math.min(MOST_TAPS, Math.round(taps)));
    gl.enable(gl.SCISSOR_TEST);
    for (let strip = 0; strip < strips && isWanted(); strip += 1) {
      const [from, to] = [strip, strip + 1].map((n) => Math.round((n * height) / strips)) as [number, number];
      gl.scissor(0, height - to, width, to - from);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
      await drawn(gl);
    }
    return performance.now() - begun;
  }

  private set({ focus, strength, field, shape, highlights }: Aperture, count: number): void {
    const { gl, program } = this;
    const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
    const largest = (strength / 100) * Math.max(this.size.width, this.size.height);
    const farthest = Math.max(focus - field, 1 - focus - field, 1e-3); // as the service scales it
    gl.uniform2f(at("pixel"), 1 / this.size.width, 1 / this.size.height);
    gl.uniform1f(at("focus"), focus);
    gl.uniform1f(at("field"), field);
    gl.uniform1f(at("gain"), largest / farthest);
    gl.uniform1f(at("largest"), largest);
    gl.uniform1f(at("highlights"), highlights);
    gl.uniform1i(at("count"), count);
    gl.uniform3fv(at("taps"), tapsOf(shape, count));
  }
}

/** How carefully a picture is drawn. */
export interface Care {
  readonly taps: number;
  readonly scale: number;
  readonly strips: number;
}

/** Until all that was asked of the graphics card is done. */
function drawn(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  return new Promise((resolve) => {
    const look = (): void => {
      if (fence && gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) return void setTimeout(look, LOOK_MS);
      gl.deleteSync(fence);
      resolve();
    };
    look();
  });
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type) as WebGLShader;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "corner");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "no program");
  return program;
}
