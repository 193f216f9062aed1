/** The photo as a body in a file: points as PLY, a textured surface as GLB (glTF 2.0), by the rule of the 3D view. */
import { fileOf } from "../src/compose";
import { make } from "../src/dom";
import type { Result } from "../src/source/source";
import { type Grid3, gridOf, trianglesOf } from "../src/space/geometry";

type Query = Readonly<Record<string, string>>;

const POINT_BYTES = 27; // place and normal as float32, three colours
const MOST_POINTS = 1024; // a side
const MOST_TEXTURE = 2048;
const [GLTF, JSON_CHUNK, BIN_CHUNK] = [0x46546c67, 0x4e4f534a, 0x004e4942];
const [FLOAT, UNSIGNED_INT, VERTICES, INDICES] = [5126, 5125, 34962, 34963];

/** Coloured points, binary. */
export async function pointsFile(on: Result, query: Query): Promise<Blob> {
  const grid = bodyOf(on, query);
  const pixels = (await drawn(on, grid.columns, grid.rows)).getImageData(0, 0, grid.columns, grid.rows).data;
  const known = [...Array(grid.columns * grid.rows).keys()].filter((at) => !Number.isNaN(grid.positions[at * 3 + 2]));
  const view = new DataView(new ArrayBuffer(known.length * POINT_BYTES));
  known.forEach((at, place) => {
    const normal = normalAt(grid, at);
    for (let i = 0, to = place * POINT_BYTES; i < 3; i += 1) {
      view.setFloat32(to + i * 4, grid.positions[at * 3 + i] as number, true);
      view.setFloat32(to + 12 + i * 4, normal[i] as number, true);
      view.setUint8(to + 24 + i, pixels[at * 4 + i] as number);
    }
  });
  const fields = ["x", "y", "z", "nx", "ny", "nz"].map((name) => `property float ${name}`).concat(["red", "green", "blue"].map((name) => `property uchar ${name}`));
  const head = ["ply", "format binary_little_endian 1.0", `element vertex ${known.length}`, ...fields, "end_header", ""].join("\n");
  return new Blob([head, view.buffer], { type: "application/octet-stream" });
}

/** The unit normal of the surface at a point, towards the camera; from its neighbours to the right and below, or left and above. */
function normalAt({ columns, rows, positions }: Grid3, at: number): number[] {
  const across = at % columns < columns - 1 ? 1 : -1;
  const down = at < (rows - 1) * columns ? 1 : -1;
  const to = (other: number): number[] => [0, 1, 2].map((i) => (positions[other * 3 + i] as number) - (positions[at * 3 + i] as number));
  const [a, b] = [to(at + across), to(at + down * columns)] as [[number, number, number], [number, number, number]];
  const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = Math.hypot(...cross) * -across * down;
  return cross.map((value) => value / length || 0);
}

/** A surface under the photo, cut where it jumps. */
export async function meshFile(on: Result, query: Query): Promise<Blob> {
  const grid = bodyOf(on, query);
  const scale = Math.min(1, MOST_TEXTURE / Math.max(on.width, on.height));
  const { canvas } = await drawn(on, Math.round(on.width * scale), Math.round(on.height * scale));
  const texture = await (await fileOf(canvas, "image/jpeg")).arrayBuffer();
  const positions = grid.positions.map((value) => (Number.isNaN(value) ? 0 : value));
  const parts = [positions, grid.places, trianglesOf(grid, Number.POSITIVE_INFINITY), new Uint8Array(texture)];
  return glb(parts, grid.columns * grid.rows, boundsOf(positions));
}

function bodyOf(on: Result, { fov = "60", near = "1", far = "10" }: Query): Grid3 {
  const nearest = Number(near);
  const grid = gridOf(on.depth, { fov: Number(fov), far: Number(far) / nearest, calibration: null }, MOST_POINTS);
  return { ...grid, positions: grid.positions.map((value) => value * nearest) };
}

async function drawn(on: Result, width: number, height: number): Promise<CanvasRenderingContext2D> {
  const context = make("canvas", { width, height }).getContext("2d");
  if (!context) throw new Error("no canvas");
  const photo = await createImageBitmap(on.shot.file);
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, width, height);
  photo.close();
  return context;
}

interface Bounds {
  readonly min: number[];
  readonly max: number[];
}

function boundsOf(positions: Float32Array): Bounds {
  const [min, max] = [Array<number>(3).fill(Number.POSITIVE_INFINITY), Array<number>(3).fill(Number.NEGATIVE_INFINITY)];
  positions.forEach((value, i) => {
    min[i % 3] = Math.min(min[i % 3] as number, value);
    max[i % 3] = Math.max(max[i % 3] as number, value);
  });
  return { min, max };
}

type Part = Float32Array | Uint32Array | Uint8Array;

/** A file of positions, places in the texture, triangles, and the texture. */
function glb(parts: readonly Part[], count: number, bounds: Bounds): Blob {
  const padded = parts.map((part) => Math.ceil(part.byteLength / 4) * 4);
  const bin = new Uint8Array(padded.reduce((sum, length) => sum + length, 0));
  const starts = parts.map((part, i) => {
    const start = padded.slice(0, i).reduce((sum, length) => sum + length, 0);
    bin.set(new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength), start);
    return start;
  });
  const text = new TextEncoder().encode(JSON.stringify(scene(parts, starts, { count, bounds })));
  const json = new Uint8Array(Math.ceil(text.length / 4) * 4).fill(0x20);
  json.set(text);
  const head = Uint32Array.of(GLTF, 2, 28 + json.length + bin.length, json.length, JSON_CHUNK);
  return new Blob([head, json, Uint32Array.of(bin.length, BIN_CHUNK), bin], { type: "model/gltf-binary" });
}

function scene(parts: readonly Part[], starts: readonly number[], { count, bounds }: { count: number; bounds: Bounds }): object {
  const targets = [VERTICES, VERTICES, INDICES, undefined];
  return {
    asset: { version: "2.0", generator: "nearfar" },
    extensionsUsed: ["KHR_materials_unlit"],
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, TEXCOORD_0: 1 }, indices: 2, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorTexture: { index: 0 }, metallicFactor: 0 }, extensions: { KHR_materials_unlit: {} }, doubleSided: true }],
    textures: [{ source: 0, sampler: 0 }],
    samplers: [{ wrapS: 33071, wrapT: 33071 }],
    images: [{ bufferView: 3, mimeType: "image/jpeg" }],
    accessors: [
      { bufferView: 0, componentType: FLOAT, count, type: "VEC3", ...bounds },
      { bufferView: 1, componentType: FLOAT, count, type: "VEC2" },
      { bufferView: 2, componentType: UNSIGNED_INT, count: (parts[2] as Part).length, type: "SCALAR" },
    ],
    bufferViews: parts.map((part, i) => ({ buffer: 0, byteOffset: starts[i], byteLength: part.byteLength, target: targets[i] })),
    buffers: [{ byteLength: parts.reduce((sum, part) => sum + Math.ceil(part.byteLength / 4) * 4, 0) }],
  };
}
