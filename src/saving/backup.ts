/** A training run in one file: weights and optimizer in Keras's layout, and beside them what else it takes to go on exactly. */
import { StateError } from "../errors.ts";
import type { Tensor, Variable } from "../graph/index.ts";
import { keepingAdapters } from "../layers/adaptable-layer.ts";
import type { Layer } from "../layers/index.ts";
import { storedValue } from "../layers/stored-variables.ts";
import { pythonJson } from "../serialization/python-json.ts";
import { groupAt, type H5Group, openHdf5, putArray, writeHdf5 } from "./hdf5/index.ts";
import { DatasetArray, readTensors } from "./keras/arrays.ts";
import { describeWeights, readWeights } from "./keras/weights.ts";
import { FormatError, parseJson } from "./source.ts";

const group = "nabla";

/** What a backup holds beside weights and optimizer. */
export interface BackupContent {
  /** Plain values. */
  readonly json: unknown;
  /** Variables that belong to no layer or optimizer: seeds, metrics. */
  readonly variables: readonly Variable[];
  /** Arrays that plain values refer to by position. */
  readonly arrays: readonly Tensor[];
}

/** The bytes of a backup, in parts: the state of the moment of the call. */
export async function writeBackup(model: Layer, content: BackupContent): Promise<Uint8Array[]> {
  const extra = [...content.variables.map((variable) => variable.read()), ...content.arrays];
  // The adapters of layers themselves, not weights with them in: training goes on exactly.
  const weights = keepingAdapters(() => describeWeights(model));
  groupAt(weights.root, group).attributes.set("state", pythonJson(content.json));
  await weights.finish();
  const arrays = await readTensors(extra);
  arrays.forEach((array, index) => putArray(weights.root, `${group}/${index}`, array));
  return writeHdf5(weights.root);
}

/** A backup that was read. */
export interface OpenBackup {
  readonly json: unknown;
  /** Gives model, optimizer and the other variables their values back; gives the arrays. Throws where they do not fit. */
  restore(model: Layer, variables: readonly Variable[]): Tensor[];
}

/** Reads a backup. `where` names it in errors. */
export function openBackup(bytes: Uint8Array, where: string): OpenBackup {
  const own = openHdf5(bytes, where).group(group);
  const text = own?.attribute("state");
  if (own === undefined || typeof text !== "string") {
    throw new FormatError({
      where,
      problem: "this is no backup of a training run",
      expected: "a file that BackupAndRestore wrote",
      advice: "choose another folder, or remove the file",
    });
  }
  return {
    json: parseJson(where, text),
    restore: (model, variables) => {
      const count = own.names().length;
      if (count < variables.length) {
        throw new StateError({
          where,
          problem: "the backup is of another training run",
          expected: `the state of ${variables.length} metrics and generators`,
          received: String(count),
          advice: "compile the model as it was when the backup was made, or remove the backup",
        });
      }
      const arrayAt = (index: number): DatasetArray => new DatasetArray(datasetAt(own, index, where), where);
      const values = variables.map((variable, index) => storedValue(where, variable, arrayAt(index)));
      keepingAdapters(() => readWeights(model, bytes, { where, skipMismatch: false }));
      variables.forEach((variable, index) => variable.assign(values[index]!));
      return Array.from({ length: count - variables.length }, (_, index) => {
        const array = arrayAt(variables.length + index);
        return array.tensor(array.dtype as "float32");
      });
    },
  };
}

function datasetAt(own: H5Group, index: number, where: string): NonNullable<ReturnType<H5Group["dataset"]>> {
  const dataset = own.dataset(String(index));
  if (dataset === undefined) throw new FormatError({ where, problem: `the backup holds no array ${index}` });
  return dataset;
}
