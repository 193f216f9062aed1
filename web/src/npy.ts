/** NumPy's file format, as far as the service writes it: float32, C order, two axes. */

export interface Grid {
  readonly width: number;
  readonly height: number;
  /** Row by row; a view of the file's own bytes where they are aligned. */
  readonly values: Float32Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/** The array of an .npy file. Throws an Error that says what is not as expected. */
export function parseNpy(buffer: ArrayBuffer): Grid {
  const bytes = new Uint8Array(buffer);
  if (buffer.byteLength < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new Error("not a NumPy file");
  }
  const view = new DataView(buffer);
  const isVersionOne = view.getUint8(6) === 1;
  const start = isVersionOne ? 10 : 12;
  const length = isVersionOne ? view.getUint16(8, true) : view.getUint32(8, true);
  const [height, width] = shapeOf(new TextDecoder().decode(bytes.subarray(start, start + length)));
  const offset = start + length;
  const size = width * height * 4;
  if (buffer.byteLength - offset !== size) {
    throw new Error(`${buffer.byteLength - offset} bytes of values, ${size} expected`);
  }
  const values = offset % 4 === 0 ? new Float32Array(buffer, offset) : new Float32Array(buffer.slice(offset));
  return { width, height, values };
}

function shapeOf(header: string): [number, number] {
  if (!/'descr':\s*'<f4'/.test(header) || !/'fortran_order':\s*False/.test(header)) {
    throw new Error(`not little-endian float32 in C order: ${header.trim()}`);
  }
  const shape = /'shape':\s*\((\d+),\s*(\d+)\)/.exec(header);
  if (!shape) throw new Error(`not an array of two axes: ${header.trim()}`);
  return [Number(shape[1]), Number(shape[2])];
}
