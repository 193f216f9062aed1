/** The photo in space: points or a surface that can be turned, drawn by three.js. Loaded when it is first asked for. */
import {
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  Line,
  LineBasicMaterial,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  Points,
  PointsMaterial,
  Raycaster,
  Scene,
  SRGBColorSpace,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { StereoEffect } from "three/examples/jsm/effects/StereoEffect.js";
import type { Depth } from "../depth";
import { backdrop } from "./backdrop";
import { type Grid3, type Rule, distanceBehind, gridOf, moved, solid, stepsOf, trianglesOf } from "./geometry";
import { type Motion, eyeAt } from "./paths";

const MESH_SIDE = 320; // places: about 150,000 triangles, as many as the files have
const SLOW_MESH_SIDE = 144;
const POINTS_SIDE = 640;
const SLOW_MS = 50; // from one picture to the next while something moves
const REST_MS = 300;
const MOST_TURN = (30 * Math.PI) / 180; // farther round, more of what is seen would be guessed than photographed
const SHEET = 1.2; // the photo behind all else, so many times as far as the farthest
const SEAM_MOVE = 0.08; // of the middle distance: so far off the camera's place seams between parts are closed with the photo itself
const NO_STEPS = new Uint8Array(0);

export interface Style {
  readonly isMesh: boolean;
  readonly pointSize: number;
  /** The share of the picture, from near to far, that is kept. */
  readonly kept: number;
  readonly isStereo: boolean;
  readonly motion: Motion;
}

export class Space {
  private readonly renderer: WebGLRenderer;
  private readonly stereo: StereoEffect;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(50, 1, 0.01, 1000);
  private readonly controls: OrbitControls;
  private readonly texture: CanvasTexture;
  private readonly line = new Line(new BufferGeometry(), new LineBasicMaterial({ color: 0xffffff, depthTest: false }));
  private body: Mesh | Points | null = null;
  /** What closes the gaps between parts of the surface: the photo itself, and what is guessed to be behind. */
  private gaps: { readonly photo: MeshBasicMaterial; readonly guess: MeshBasicMaterial } | null = null;
  private depth: Depth | null = null;
  private style: Style = { isMesh: true, pointSize: 2, kept: 1, isStereo: false, motion: "none" };
  private home = { fov: 50, middle: 3, shape: 0.75 };
  private tilt: [number, number] = [0, 0];
  private begun = 0;
  private frame = 0;
  private detail = 1;
  private isCareful = false;
  private drawnAt = 0;
  private rest = 0;
  /** A processor stands in for the graphics card: fewer triangles, rougher edges. */
  private readonly isSlow = isSoftware();

  /** Throws an Error where the browser has no WebGL2. */
  constructor(private readonly canvas: HTMLCanvasElement) {
    this.renderer = new WebGLRenderer({ canvas, antialias: !this.isSlow, alpha: true, preserveDrawingBuffer: true });
    this.renderer.xr.enabled = true;
    this.stereo = new StereoEffect(this.renderer);
    this.texture = new CanvasTexture(document.createElement("canvas"));
    this.texture.colorSpace = SRGBColorSpace;
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.listenToKeyEvents(canvas);
    this.controls.rotateSpeed = 0.3; // behind the photo there is nothing to be seen
    [this.controls.minAzimuthAngle, this.controls.maxAzimuthAngle] = [-MOST_TURN, MOST_TURN];
    [this.controls.minPolarAngle, this.controls.maxPolarAngle] = [Math.PI / 2 - MOST_TURN, Math.PI / 2 + MOST_TURN];
    this.controls.addEventListener("change", () => this.ask());
    this.line.renderOrder = 1;
    this.scene.add(this.line);
    new ResizeObserver(() => this.ask()).observe(canvas);
  }

  /** Put a photo and its depth into space. */
  load(photo: HTMLCanvasElement, depth: Depth, rule: Rule, style: Style): void {
    this.depth = depth;
    this.texture.dispose();
    this.texture.image = photo;
    this.texture.needsUpdate = true;
    this.build(rule, style);
    this.reset(rule);
  }

  /** Build the body anew, seen from where it was seen. */
  build(rule: Rule, style: Style): void {
    if (!this.depth) return;
    this.style = style;
    if (this.body) {
      this.scene.remove(this.body);
      for (const part of [this.body, ...(this.body.children as Mesh[])]) part.geometry.dispose();
    }
    const grid = gridOf(this.depth, rule, style.isMesh ? (this.isSlow ? SLOW_MESH_SIDE : MESH_SIDE) : this.isSlow ? MESH_SIDE : POINTS_SIDE);
    const farthest = style.kept < 1 ? distanceBehind(grid, style.kept) : Number.POSITIVE_INFINITY;
    this.home = { fov: rule.fov, middle: distanceBehind(grid, 0.5), shape: this.depth.height / this.depth.width };
    this.gaps = null;
    this.body = style.isMesh ? this.surface(grid, farthest) : this.cloud(grid, farthest);
    this.scene.add(this.body);
    this.ask();
  }

  /** See it as the camera saw it. */
  reset(rule: Rule): void {
    this.home.fov = rule.fov;
    this.camera.position.set(0, 0, 0);
    this.controls.target.set(0, 0, -this.home.middle);
    this.controls.update();
    this.ask();
  }

  restyle(style: Style): void {
    this.style = style;
    this.begun = performance.now();
    if (this.body instanceof Points) (this.body.material as PointsMaterial).size = style.pointSize;
    this.ask();
  }

  /** Look from a little beside: −1…1 to the right and up, as a phone is tilted. */
  tiltTo(x: number, y: number): void {
    this.tilt = [x, y];
    this.ask();
  }

  /** The point of the body under a place of the canvas, 0…1; null where there is none. */
  pointUnder(x: number, y: number): [number, number, number] | null {
    if (!this.body) return null;
    const ray = new Raycaster();
    ray.params.Points.threshold = this.home.middle / 200;
    ray.setFromCamera(new Vector2(2 * x - 1, 1 - 2 * y), this.camera);
    const hit = ray.intersectObject(this.body, false)[0]?.point;
    return hit ? [hit.x, hit.y, hit.z] : null;
  }

  /** Draw a line between two points, or none. */
  measure(points: readonly [number, number, number][]): void {
    this.line.geometry.setFromPoints(points.map((point) => new Vector3(...point)));
    this.line.geometry.computeBoundingSphere();
    this.ask();
  }

  /** Show it to two eyes, on glasses that the browser knows. Rejects where there are none. */
  async enterGlasses(): Promise<void> {
    const session = await navigator.xr?.requestSession("immersive-vr");
    if (!session) throw new Error("no glasses");
    await this.renderer.xr.setSession(session);
    this.renderer.setAnimationLoop(() => this.renderer.render(this.scene, this.camera));
    session.addEventListener("end", () => this.renderer.setAnimationLoop(null));
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  private surface(grid: Grid3, farthest: number): Mesh {
    const front = solid(grid);
    const steps = stepsOf(front);
    const body = new Mesh(geometryOf(front), new MeshBasicMaterial({ map: this.texture, side: 2 }));
    const triangles = trianglesOf(front, farthest, { steps });
    body.geometry.setIndex(new BufferAttribute(triangles, 1));
    const back = backdrop(front, steps, triangles, this.colours(grid));
    const guess = new MeshBasicMaterial({ side: 2, vertexColors: true, transparent: true });
    const behind = new Mesh(geometryOf(back), guess);
    behind.geometry.setIndex(new BufferAttribute(trianglesOf(back, farthest, { wanted: back.isBehind, steps: NO_STEPS }), 1));
    behind.geometry.setAttribute("color", new BufferAttribute(back.colours, 4));
    body.add(behind);
    if (farthest === Number.POSITIVE_INFINITY) {
      const photo = new MeshBasicMaterial({ map: this.texture, side: 2, transparent: true });
      body.add(this.sheet(grid, photo));
      this.gaps = { photo, guess };
    }
    return body;
  }

  /** The photo behind all else, seen where parts of the surface do not meet: right while nothing is turned, gone soon after. */
  private sheet(grid: Grid3, photo: MeshBasicMaterial): Mesh {
    const away = Math.min(SHEET * distanceBehind(grid, 1), this.home.middle * 300);
    const flat = moved(grid, new Float32Array(grid.columns * grid.rows).fill(away));
    const sheet = new Mesh(geometryOf(flat), photo);
    sheet.geometry.setIndex(new BufferAttribute(trianglesOf(flat, Number.POSITIVE_INFINITY), 1));
    sheet.renderOrder = -1;
    return sheet;
  }

  /** The photo in linear light, three colours for each place of a grid. */
  private colours({ columns, rows }: Grid3): Float32Array {
    const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return new Float32Array(columns * rows * 3);
    context.drawImage(this.texture.image as HTMLCanvasElement, 0, 0, columns, rows);
    const { data } = context.getImageData(0, 0, columns, rows);
    const pixel = (i: number): number => (data[Math.floor(i / 3) * 4 + (i % 3)] as number) / 255;
    return Float32Array.from({ length: columns * rows * 3 }, (_, i) => linearOf(pixel(i)));
  }

  private cloud(grid: Grid3, farthest: number): Points {
    const kept: number[] = [];
    for (let i = 0; i < grid.columns * grid.rows; i += 1) if (-(grid.positions[i * 3 + 2] as number) <= farthest) kept.push(i);
    const geometry = geometryOf(grid);
    geometry.setIndex(new BufferAttribute(Uint32Array.from(kept), 1));
    const material = new PointsMaterial({ size: this.style.pointSize, sizeAttenuation: false });
    material.onBeforeCompile = (shader) => {
      shader.uniforms.photo = { value: this.texture };
      shader.vertexShader = shader.vertexShader
        .replace("void main() {", "attribute vec2 place; varying vec2 at;\nvoid main() {\n  at = place;");
      shader.fragmentShader = shader.fragmentShader
        .replace("void main() {", "uniform sampler2D photo; varying vec2 at;\nvoid main() {")
        .replace("#include <color_fragment>", "diffuseColor = texture2D(photo, at);");
    };
    return new Points(geometry, material);
  }

  /** Draw soon, once. */
  private ask(): void {
    this.frame ||= requestAnimationFrame((now) => this.draw(now));
  }

  private draw(now: number): void {
    this.frame = 0;
    this.adapt(now);
    this.resize();
    const seconds = (now - this.begun) / 1000;
    const [right, up, ahead] = eyeAt(this.style.motion, seconds);
    const offset = new Vector3(right + this.tilt[0] * 0.1, up + this.tilt[1] * 0.1, -ahead).multiplyScalar(this.home.middle);
    const [position, rotation] = [this.camera.position.clone(), this.camera.quaternion.clone()];
    this.camera.position.add(offset.applyQuaternion(rotation));
    if (offset.lengthSq() > 0) this.camera.lookAt(this.controls.target);
    if (this.gaps) {
      const way = (2 * this.camera.position.length()) / (SEAM_MOVE * this.home.middle); // the guess comes, then the photo goes
      this.gaps.guess.opacity = Math.min(1, way);
      this.gaps.photo.opacity = Math.min(1, Math.max(0, 2 - way));
    }
    if (this.style.isStereo) this.stereo.render(this.scene, this.camera);
    else this.renderer.render(this.scene, this.camera);
    this.camera.position.copy(position);
    this.camera.quaternion.copy(rotation);
    if (this.style.motion !== "none") this.ask();
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const ratio = Math.min(window.devicePixelRatio, 2) * (this.isCareful ? 1 : this.detail);
    if (this.renderer.getPixelRatio() !== ratio) this.renderer.setPixelRatio(ratio);
    const size = this.renderer.getSize(new Vector2());
    if (size.x !== width || size.y !== height) this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    const half = Math.tan((this.home.fov * Math.PI) / 360);
    const needed = Math.max(half / this.camera.aspect, half * this.home.shape); // all of the photo is seen
    this.camera.fov = (360 / Math.PI) * Math.atan(needed);
    this.camera.near = this.home.middle / 200;
    this.camera.far = this.home.middle * 400;
    this.camera.updateProjectionMatrix();
  }

  /** Where this machine is slow, moving pictures have fewer pixels; the one that rests has all. */
  private adapt(now: number): void {
    const took = now - this.drawnAt;
    this.drawnAt = now;
    if (!this.isCareful && took < 1000) this.detail = Math.min(1, Math.max(0.3, this.detail * (took > SLOW_MS ? 0.85 : 1.05)));
    window.clearTimeout(this.rest);
    if (!this.isCareful && this.style.motion === "none") this.rest = window.setTimeout(() => this.finish(), REST_MS);
    Object.assign(this.canvas.dataset, { ms: took.toFixed(0), frames: String(Number(this.canvas.dataset.frames ?? "0") + 1) });
  }

  private finish(): void {
    if (this.detail === 1) return;
    this.isCareful = true;
    this.draw(performance.now());
    this.isCareful = false;
  }
}

/** Whether WebGL is drawn by a processor. */
function isSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl?.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

const linearOf = (shown: number): number => (shown <= 0.04045 ? shown / 12.92 : ((shown + 0.055) / 1.055) ** 2.4);

function geometryOf({ positions, places }: Grid3): BufferGeometry {
  const geometry = new BufferGeometry();
  const uv = places.map((share, i) => (i % 2 ? 1 - share : share));
  geometry.setAttribute("position", new BufferAttribute(positions.map((n) => (Number.isNaN(n) ? 0 : n)), 3));
  geometry.setAttribute("uv", new BufferAttribute(uv, 2));
  geometry.setAttribute("place", new BufferAttribute(uv, 2));
  return geometry;
}
