/** NumPy's files: .npy holds one array, .npz several by name. */
import { ValueError } from "../../errors.ts";
import { isStringData, type StringData, StringTensor, stringTensor, type Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { platform } from "../../platform/index.ts";
import { emptyRecord, type FileSource, FormatError, joinParts, readSource } from "../source.ts";
import { readArray } from "../read-array.ts";
import { pack, unpack } from "./archive.ts";
import { decodeNpy, encodeNpy, encodeTexts } from "./array-format.ts";

export { decodeNpy };

/** Options of `saveNpy`. */
export interface NpyOptions {
  /** Stores floating-point arrays in two bytes per element, rounded to the nearest. Default false. */
  readonly float16?: boolean;
}

/** Options of `saveNpz`. */
export interface NpzOptions extends NpyOptions {
  /** Whether the arrays are packed, as `np.savez_compressed` does. Default false. */
  readonly compressed?: boolean;
}

/** What can be written: whatever stands for a tensor, or texts. */
export type NpyArray = TensorLike | StringTensor | StringData;

/** The bytes of a .npy file (version 1, C order, little-endian). */
export async function encodeNpyFile(array: NpyArray, options: NpyOptions = {}): Promise<Uint8Array> {
  if (array instanceof StringTensor || isStringData(array)) {
    const texts = stringTensor("saveNpy", array);
    return encodeTexts(await texts.data(), texts.shape);
  }
  return encodeNpy(await readArray(array), options.float16 ?? false);
}

/**
 * Writes a .npy file, at once, as `np.save` does.
 *
 * @example
 * await saving.saveNpy("x.npy", tensor([[1, 2], [3, 4]]));
 */
export async function saveNpy(path: string, array: NpyArray, options: NpyOptions = {}): Promise<void> {
  await platform.files.write(path, await encodeNpyFile(array, options));
}

/**
 * Reads a .npy file (a path or its bytes), as `np.load` does: a Tensor, or a StringTensor of texts. Wider
 * integers become int32 with a range check. Throws FormatError; pickled objects are never read.
 */
export async function loadNpy(source: FileSource): Promise<Tensor | StringTensor> {
  const where = typeof source === "string" ? `loadNpy("${source}")` : "loadNpy";
  return decodeNpy(await readSource(where, source), where);
}

/** The bytes of a .npz file. */
export async function encodeNpz(arrays: Readonly<Record<string, NpyArray>>, options: NpzOptions = {}): Promise<Uint8Array> {
  return joinParts("encodeNpz", await npzParts(arrays, options));
}

async function npzParts(arrays: Readonly<Record<string, NpyArray>>, options: NpzOptions): Promise<Uint8Array[]> {
  const files = new Map<string, Uint8Array>();
  for (const [name, array] of Object.entries(arrays)) {
    if (name === "" || name.includes("\0") || name.startsWith("/") || name.split("/").includes(".."))
      throw new ValueError({
        where: "saveNpz",
        problem: "an array cannot have this name",
        expected: "a name of a file",
        received: JSON.stringify(name),
      });
    files.set(`${name}.npy`, await encodeNpyFile(array, options));
  }
  return pack(files, options.compressed ?? false);
}

/**
 * Writes a .npz file, at once: arrays by name, as `np.savez` does.
 *
 * @example
 * await saving.saveNpz("data.npz", { x: xTrain, y: yTrain }, { compressed: true });
 */
export async function saveNpz(path: string, arrays: Readonly<Record<string, NpyArray>>, options: NpzOptions = {}): Promise<void> {
  await platform.files.write(path, await npzParts(arrays, options));
}

/** Reads a .npz file (a path or its bytes): its arrays by name. Throws FormatError for broken archives and arrays. */
export async function loadNpz(source: FileSource): Promise<Record<string, Tensor | StringTensor>> {
  const where = typeof source === "string" ? `loadNpz("${source}")` : "loadNpz";
  const arrays = emptyRecord<Tensor | StringTensor>();
  for (const [file, bytes] of unpack(where, await readSource(where, source))) {
    const name = file.replace(/\.npy$/, "");
    if (name in arrays) throw new FormatError({ where, problem: "a name stands twice in the archive", received: JSON.stringify(name) });
    arrays[name] = decodeNpy(bytes, `${where}: ${JSON.stringify(name)}`);
  }
  return arrays;
}
