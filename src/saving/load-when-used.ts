/** `loadModel` for bundles that hold only what they use: readers of files come when the first file is read. */
import type { Tensor } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import type { LoadModelOptions } from "./model-files.ts";
import type { FileSource } from "./source.ts";

/** The model of a file; see `loadModel` of nabla/saving. Bundlers keep the readers in a file of their own. */
export async function loadModel(source: FileSource, options: LoadModelOptions = {}): Promise<Model<Tensor, Tensor>> {
  const files = await import("./model-files.ts");
  return await files.loadModel(source, options);
}
