/** Bilinear resizing of bytes in WebAssembly: four lanes are the channels of a pixel. */

/** Where the pixels of an axis of the result lie in the source: byte offsets of two neighbours, and the share of the second. */
export interface Neighbours {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float32Array;
}

/** A resizing: bytes of source rows to floats, rows of `columns.share.length` pixels. */
export interface BilinearTask {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly channels: number;
  /** Offsets of rows, from the beginning of `data`. */
  readonly rows: Neighbours;
  /** Offsets of pixels, from the beginning of a row. */
  readonly columns: Neighbours;
}

/** Writes the resized pixels to `out` from `offset` on. */
export type BilinearKernel = (out: Float32Array, offset: number, task: BilinearTask) => void;

/** Sources up to this size are copied into the kernel's memory, which never shrinks. */
export const largestSource: number = 2 ** 25;

// Opcodes, as in the WebAssembly specification, section 5.4; those of vectors follow the prefix 0xfd.
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, value];
const [loop, end, again, add, less] = [[0x03, 0x40], [0x0b], [0x0d, 0], [0x6a], [0x49]] as const;
const load = [0x28, 2, 0];
const loadSplat = [0xfd, 0x09, 2, 0];
const loadFourBytes = [0xfd, 0x5c, 2, 0];
const store = [0xfd, 0x0b, 2, 0];
/** Four bytes to 16 bits, to 32 bits, to floats. */
const bytesToFloats = [0xfd, 0x89, 0x01, 0xfd, 0xa9, 0x01, 0xfd, 0xfa, 0x01];
const [addFloats, subtractFloats, multiplyFloats] = [
  [0xfd, 0xe4, 0x01],
  [0xfd, 0xe5, 0x01],
  [0xfd, 0xe6, 0x01],
] as const;

/** Parameters, then locals. Widths and heights are in bytes of the tables: four a place. */
const names = [
  ...["source", "firstColumn", "secondColumn", "columnShare", "firstRow", "secondRow", "rowShare", "out", "width", "height", "stride"],
  ...["y", "x", "above", "below"],
  ...["down", "across", "p", "q"],
] as const;
const [parameters, integers, vectors] = [11, 4, 4];

function body(): number[] {
  const at = (name: (typeof names)[number]): number => names.indexOf(name);
  const sum = (a: (typeof names)[number], b: (typeof names)[number]): number[] => [...get(at(a)), ...get(at(b)), ...add];
  const pixel = (row: "above" | "below", table: "firstColumn" | "secondColumn"): number[] => [
    ...get(at(row)),
    ...[...sum(table, "x"), ...load],
    ...add,
    ...loadFourBytes,
    ...bytesToFloats,
  ];
  /** p + (q - p) share, for values in locals. */
  const between = (share: "down" | "across"): number[] => [
    ...get(at("p")),
    ...[...get(at("q")), ...get(at("p")), ...subtractFloats],
    ...[...get(at(share)), ...multiplyFloats],
    ...addFloats,
  ];
  const blended = (row: "above" | "below"): number[] => [
    ...[...pixel(row, "firstColumn"), ...set(at("p"))],
    ...[...pixel(row, "secondColumn"), ...set(at("q"))],
    ...between("across"),
  ];
  const advance = (name: "x" | "y", until: "width" | "height"): number[] => [
    ...[...get(at(name)), ...constant(4), ...add, ...set(at(name))],
    ...[...get(at(name)), ...get(at(until)), ...less, ...again],
    ...end,
  ];
  return [
    ...loop,
    ...[...get(at("source")), ...sum("firstRow", "y"), ...load, ...add, ...set(at("above"))],
    ...[...get(at("source")), ...sum("secondRow", "y"), ...load, ...add, ...set(at("below"))],
    ...[...sum("rowShare", "y"), ...loadSplat, ...set(at("down"))],
    ...[...constant(0), ...set(at("x"))],
    ...loop,
    ...[...sum("columnShare", "x"), ...loadSplat, ...set(at("across"))],
    // The upper value waits on the stack while the lower one is computed.
    ...get(at("out")),
    ...blended("above"),
    ...[...blended("below"), ...set(at("q")), ...set(at("p"))],
    ...between("down"),
    // Lanes beyond the channels go where the next pixel will be written.
    ...store,
    ...[...sum("out", "stride"), ...set(at("out"))],
    ...advance("x", "width"),
    ...advance("y", "height"),
    ...end,
  ];
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  /** Unsigned LEB128 of a length. */
  const length = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...length(value >>> 7)]);
  const section = (id: number, content: readonly number[]): number[] => [id, ...length(content.length), ...content];
  const named = (name: string, kind: number): number[] => [name.length, ...new TextEncoder().encode(name), kind, 0];
  const [i32, v128] = [0x7f, 0x7b];
  const code = [2, integers, i32, vectors, v128, ...body()];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters, ...new Array<number>(parameters).fill(i32), 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...named("memory", 2), ...named("resize", 0)]),
    ...section(10, [1, ...length(code.length), ...code]),
  ]);
}

let kernel: BilinearKernel | null | undefined;

/** The kernel; null where the host forbids WebAssembly or has no vectors in it. */
export function bilinearKernel(): BilinearKernel | null {
  if (kernel !== undefined) return kernel;
  const bytes = moduleBytes();
  if (typeof WebAssembly === "undefined" || !WebAssembly.validate(bytes)) return (kernel = null);
  try {
    return (kernel = kernelOf(new WebAssembly.Instance(new WebAssembly.Module(bytes))));
  } catch {
    // A page's security policy may forbid compiling.
    return (kernel = null);
  }
}

function kernelOf({ exports }: WebAssembly.Instance): BilinearKernel {
  const memory = exports.memory as WebAssembly.Memory;
  const resize = exports.resize as (...args: readonly number[]) => void;
  return (out, offset, { data, channels, rows, columns }) => {
    const [width, height] = [columns.share.length, rows.share.length];
    // Only the rows that are read: their offsets ascend.
    const [from, to] = [rows.first[0]!, Math.min(data.length, rows.second.at(-1)! + columns.second.at(-1)! + channels)];
    const tables = [columns.first, columns.second, columns.share, rows.first, rows.second, rows.share];
    let place = 0;
    const places = tables.map((table) => (place += table.byteLength) - table.byteLength);
    const source = place;
    // Four bytes are read of the last pixel, and four lanes are written.
    const target = (source + (to - from) + 4 + 15) & ~15;
    const needed = target + 4 * (width * height * channels + 4);
    const missing = needed - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    tables.forEach((table, i) => new Int32Array(memory.buffer, places[i], table.length).set(new Int32Array(table.buffer)));
    new Uint8Array(memory.buffer, source, to - from).set(data.subarray(from, to));
    resize(source - from, ...places, target, 4 * width, 4 * height, 4 * channels);
    out.set(new Float32Array(memory.buffer, target, width * height * channels), offset);
  };
}
