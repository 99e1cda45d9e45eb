/** Variables to arrays of HDF5 files, and back. */
import { type DType, dtypes, hostArray, type TypedArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { dataTensor, type Tensor, Variable } from "../../graph/index.ts";
import type { StoredArray } from "../../layers/stored-variables.ts";
import type { H5Array, H5Dataset, H5NumericDType } from "../hdf5/index.ts";
import { FormatError } from "../source.ts";
import { readStored, storedBytes, type StoredType } from "../stored-array.ts";

/** A variable, or what is made of one, that will be written. */
export interface WrittenVariable {
  readonly variable: Variable | Tensor;
  /** Whether its integers have 64 bits in the file. */
  readonly wide: boolean;
}

/**
 * The values of variables as they are now, however long reading them takes: training that goes on meanwhile does not mix
 * with them. One copy of each is made.
 */
export async function readVariables(variables: readonly WrittenVariable[]): Promise<H5Array[]> {
  return await readTensors(
    variables.map(({ variable }) => (variable instanceof Variable ? variable.read() : variable)),
    variables.map(({ wide }) => wide),
  );
}

/** The values of tensors; integers that are `wide` with 64 bits. */
export async function readTensors(tensors: readonly Tensor[], wide: readonly boolean[] = []): Promise<H5Array[]> {
  const arrays: H5Array[] = [];
  for (const [index, tensor] of tensors.entries()) {
    const values = await tensor.data();
    const shape = tensor.shape as number[];
    arrays.push(wide[index] === true ? widened(values, shape) : stored(tensor.dtype, values, shape));
  }
  return arrays;
}

function stored(dtype: DType, values: TypedArray, shape: readonly number[]): H5Array {
  return { dtype, shape, bytes: storedBytes(values, dtype) };
}

function widened(values: TypedArray, shape: readonly number[]): H5Array {
  const wide = BigInt64Array.from(values, BigInt);
  return { dtype: "int64", shape, bytes: new Uint8Array(wide.buffer) };
}

/** A dataset as an array that variables are loaded from: nothing is copied before it is known to fit. */
export class DatasetArray implements StoredArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly #dataset: H5Dataset;
  readonly #where: string;

  constructor(dataset: H5Dataset, where: string) {
    this.#dataset = dataset;
    this.#where = `${where}: ${dataset.path}`;
    this.shape = dataset.shape;
    this.dtype = dataset.dtype;
  }

  tensor(dtype: DType): Tensor {
    const { dtype: stored, size } = this.#dataset;
    if (stored === "string")
      throw new FormatError({ where: this.#where, problem: "the file holds texts instead of numbers", expected: dtype, received: "texts" });
    const type: StoredType = stored satisfies H5NumericDType;
    const values = readStored(this.#where, this.#dataset.bytes(), type, size);
    return dataTensor(converted(this.#where, values, dtype, size), this.shape, dtype);
  }
}

function converted(where: string, values: TypedArray, dtype: DType, size: number): TypedArray {
  // An array without elements tells whether the class is the same: one of all elements would take memory.
  if (hostArray(dtype, 0).constructor === values.constructor) return values;
  const made = hostArray(dtype, size);
  const integer = dtypes[dtype].kind !== "float";
  for (let i = 0; i < size; i++) {
    made[i] = values[i]!;
    if (!integer || made[i] === values[i]) continue;
    throw new ValueError({
      where,
      problem: `a number of the file is none of the dtype ${dtype}`,
      expected: dtype,
      received: String(values[i]),
    });
  }
  return made;
}
