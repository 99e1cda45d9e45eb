/** Files that hold arrays by name: .safetensors, .npz, .npy, and HDF5 without a model. */
import { readFile } from "node:fs/promises";
import { saving, Tensor } from "../index.ts";
import { DatasetArray } from "../saving/keras/arrays.ts";
import { H5Group, hdf5Start, openHdf5 } from "../saving/hdf5/index.ts";
import { kindOf } from "./model-source.ts";

/** The arrays of a file, by name; null where it is none of arrays. Texts are left out. */
export async function readArrays(path: string): Promise<Map<string, Tensor> | null> {
  switch (kindOf(path)) {
    case "safetensors":
      return numbersOf((await saving.loadSafetensors(path)).tensors);
    case "npz":
      return numbersOf(await saving.loadNpz(path));
    case "npy":
      return numbersOf({ array: await saving.loadNpy(path) });
    case "weights":
      return await hdf5Arrays(path);
    case "keras":
      // A legacy .h5 file may hold weights alone.
      return /\.(h5|hdf5)$/i.test(path) ? await hdf5Arrays(path) : null;
    default:
      return null;
  }
}

function numbersOf(found: Readonly<Record<string, unknown>>): Map<string, Tensor> {
  return new Map(Object.entries(found).filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor));
}

/** The datasets of numbers of an HDF5 file, by their paths; null where it holds a model, or is none. */
async function hdf5Arrays(path: string): Promise<Map<string, Tensor> | null> {
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null || hdf5Start(bytes) === null) return null;
  const root = openHdf5(bytes, path);
  if (root.attribute("model_config") !== undefined) return null;
  const found = new Map<string, Tensor>();
  const visit = (group: H5Group, depth: number): void => {
    for (const name of group.names()) {
      const member = group.get(name);
      if (member instanceof H5Group) {
        if (depth < 100) visit(member, depth + 1);
      } else if (member !== undefined && member.dtype !== "string") {
        const whole = /^u?int|^bool/.test(member.dtype);
        found.set(member.path.replace(/^\//, ""), new DatasetArray(member, path).tensor(whole ? "int32" : "float32"));
      }
    }
  };
  visit(root, 0);
  return found;
}
