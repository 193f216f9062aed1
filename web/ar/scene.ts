/** The picture with a cube in it, hidden where the picture is nearer: WebGL 2, two programs. */
import { type DepthInformation, factorOf } from "./depth";

export interface Cube {
  /** Its middle in the view, 0,0 the left top. */
  readonly x: number;
  readonly y: number;
  /** How far its middle is, and how long an edge: in metres, or in the units of the depth. */
  readonly far: number;
  readonly edge: number;
  readonly turn: number;
}

const FOV_RAD = (60 * Math.PI) / 180;

const PICTURE_VERTEX = `#version 300 es
out vec2 place;
void main() {
  place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0);
}`;
const PICTURE_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D picture;
in vec2 place;
out vec4 colour;
void main() { colour = vec4(texture(picture, place).rgb, 1.0); }`;
const CUBE_VERTEX = `#version 300 es
uniform vec3 middle; // ahead is z
uniform float edge, turn, focal, aspect;
in vec3 corner;
in vec3 side;
out vec3 facing;
out float far;
vec3 turned(vec3 v) {
  float c = cos(turn), s = sin(turn);
  vec3 round = vec3(c * v.x + s * v.z, v.y, c * v.z - s * v.x);
  return vec3(round.x, 0.9 * round.y - 0.436 * round.z, 0.436 * round.y + 0.9 * round.z);
}
void main() {
  vec3 at = middle + turned(corner) * edge;
  facing = turned(side);
  far = at.z;
  gl_Position = vec4(at.x * focal / aspect, -at.y * focal, at.z - 0.02, at.z);
}`;
const CUBE_FRAGMENT = `#version 300 es
precision highp float;
precision highp usampler2D;
uniform usampler2D depth;
uniform mat4 fromView; // normDepthBufferFromNormView
uniform float factor;
uniform vec2 size;
in vec3 facing;
in float far;
out vec4 colour;
float seen(ivec2 at, ivec2 last) {
  float raw = float(texelFetch(depth, clamp(at, ivec2(0), last), 0).r);
  return raw == 0.0 || raw * factor > far ? 1.0 : 0.0; // 0: nothing is known there
}
void main() {
  vec2 view = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) / size;
  ivec2 many = textureSize(depth, 0);
  ivec2 at = ivec2((fromView * vec4(view, 0.0, 1.0)).xy * vec2(many));
  float share = 0.0;
  for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++) share += seen(at + ivec2(x, y), many - 1);
  float light = 0.55 + 0.45 * max(0.0, dot(normalize(facing), normalize(vec3(-0.4, -0.8, -0.6))));
  share /= 9.0;
  colour = vec4(vec3(1.0, 0.55, 0.1) * light * share, share);
}`;

/** Corners and sides of a cube of edge 1: 36 points. */
function cubePoints(): Float32Array {
  const rows: number[] = [];
  for (const axis of [0, 1, 2]) {
    for (const sign of [-0.5, 0.5]) {
      const point = (u: number, v: number): number[] => {
        const at = [0, 0, 0];
        at[axis] = sign;
        at[(axis + 1) % 3] = u;
        at[(axis + 2) % 3] = v;
        return at;
      };
      const side = [0, 0, 0];
      side[axis] = 2 * sign;
      for (const [u, v] of [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]] as const) {
        rows.push(...point(u, v), ...side);
      }
    }
  }
  return new Float32Array(rows);
}

export class Scene {
  private readonly gl: WebGL2RenderingContext;
  private readonly picture: WebGLProgram;
  private readonly cube: WebGLProgram;
  private readonly textures: readonly [WebGLTexture, WebGLTexture];
  private depth: DepthInformation | null = null;

  /** Throws where there is no WebGL 2. */
  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { preserveDrawingBuffer: true, alpha: false });
    if (!gl) throw new Error("no WebGL 2");
    this.gl = gl;
    this.picture = this.program(PICTURE_VERTEX, PICTURE_FRAGMENT);
    this.cube = this.program(CUBE_VERTEX, CUBE_FRAGMENT);
    this.textures = [this.texture(gl.LINEAR), this.texture(gl.NEAREST)];
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, cubePoints(), gl.STATIC_DRAW);
    for (const [name, offset] of [["corner", 0], ["side", 12]] as const) {
      const at = gl.getAttribLocation(this.cube, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, 3, gl.FLOAT, false, 24, offset);
    }
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** A frame and the distances that were seen in it: they belong together. */
  take(frame: TexImageSource & { width: number; height: number }, depth: DepthInformation): void {
    const { gl } = this;
    this.canvas.width = frame.width;
    this.canvas.height = frame.height;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[0]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, frame);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[1]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16UI, depth.width, depth.height, 0, gl.RED_INTEGER, gl.UNSIGNED_SHORT, depth.data);
    this.depth = depth;
  }

  draw(cube: Cube): void {
    const { gl, depth, canvas } = this;
    if (!depth) return;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    gl.useProgram(this.picture);
    gl.uniform1i(gl.getUniformLocation(this.picture, "picture"), 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    const aspect = canvas.width / canvas.height;
    const focal = aspect / Math.tan(FOV_RAD / 2); // of the height: the field of view is that of the width
    const set = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(this.cube, name);
    gl.useProgram(this.cube);
    gl.uniform3f(set("middle"), ((2 * cube.x - 1) * aspect * cube.far) / focal, ((2 * cube.y - 1) * cube.far) / focal, cube.far);
    gl.uniform1f(set("edge"), cube.edge);
    gl.uniform1f(set("turn"), cube.turn);
    gl.uniform1f(set("focal"), focal);
    gl.uniform1f(set("aspect"), aspect);
    gl.uniform1f(set("factor"), factorOf(depth));
    gl.uniform2f(set("size"), canvas.width, canvas.height);
    gl.uniformMatrix4fv(set("fromView"), false, depth.normDepthBufferFromNormView as number[]);
    gl.uniform1i(set("depth"), 1);
    gl.drawArrays(gl.TRIANGLES, 0, 36);
  }

  private texture(filter: number): WebGLTexture {
    const { gl } = this;
    const made = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, made);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    return made;
  }

  private program(vertex: string, fragment: string): WebGLProgram {
    const { gl } = this;
    const made = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(kind);
      if (!shader) throw new Error("no shader");
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(made, shader);
    }
    gl.linkProgram(made);
    if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "no program");
    return made;
  }
}
