/** Files in a ZIP, stored as they are: pictures do not get smaller by packing. */
import { crc32 } from "./crc32";

export interface Entry {
  readonly name: string;
  readonly blob: Blob;
}

const UTF8 = 0x800;

/** A ZIP of files; names that come twice get a number. */
export async function zipped(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  const names = new Set<string>();
  let offset = 0;
  for await (const { name, blob } of entries) {
    const path = new TextEncoder().encode(unused(name, names));
    const check = crc32(new Uint8Array(await blob.arrayBuffer()));
    const local = header(0x04034b50, path, check, blob.size);
    directory.push(header(0x02014b50, path, check, blob.size, offset));
    parts.push(local, blob);
    offset += local.length + blob.size;
  }
  const size = directory.reduce((sum, row) => sum + row.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, directory.length, true);
  end.setUint16(10, directory.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return new Blob([...parts, ...directory, new Uint8Array(end.buffer)], { type: "application/zip" });
}

function unused(name: string, names: Set<string>): string {
  const dot = name.indexOf(".", 1);
  const [base, suffix] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let found = name;
  for (let n = 2; names.has(found); n += 1) found = `${base}-${n}${suffix}`;
  names.add(found);
  return found;
}

/** The header before a file, or with an offset its row in the directory. */
function header(mark: number, path: Uint8Array, check: number, size: number, offset?: number): Uint8Array<ArrayBuffer> {
  const isRow = offset !== undefined;
  const view = new DataView(new ArrayBuffer((isRow ? 46 : 30) + path.length));
  view.setUint32(0, mark, true);
  let at = 4;
  for (const value of [...(isRow ? [20] : []), 20, UTF8, 0, 0, 0x21]) {
    view.setUint16(at, value, true); // versions, names in UTF-8, stored, on the first day of 1980
    at += 2;
  }
  for (const value of [check, size, size]) {
    view.setUint32(at, value, true);
    at += 4;
  }
  view.setUint16(at, path.length, true);
  if (isRow) view.setUint32(42, offset, true);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(path, isRow ? 46 : 30);
  return bytes;
}
