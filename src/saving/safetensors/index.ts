/** safetensors files: tensors by name, or the weights of a model by path. */
import { Layer } from "../../layers/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { platform } from "../../platform/index.ts";
import { type FileSource, readSource } from "../source.ts";
import { assignByPath, weightsByPath } from "../weights-by-path.ts";
import { decodeSafetensors, type SafetensorsFile } from "./decode.ts";
import { encodeSafetensors, type SafetensorsOptions } from "./encode.ts";

export { decodeSafetensors, encodeSafetensors };
export type { SafetensorsFile, SafetensorsOptions };

/**
 * Writes a safetensors file, at once: tensors by name, or the weights of a model (or layer) by path.
 *
 * @example
 * await saving.saveSafetensors("model.safetensors", model, { metadata: { epoch: "3" } });
 */
export async function saveSafetensors(
  path: string,
  tensors: Layer | Readonly<Record<string, TensorLike>> | ReadonlyMap<string, TensorLike>,
  options: SafetensorsOptions = {},
): Promise<void> {
  const named = tensors instanceof Layer ? weightsByPath("saveSafetensors", tensors) : tensors;
  await platform.files.write(path, await encodeSafetensors(named, options));
}

/**
 * Reads a safetensors file (a path or its bytes). With `model`, its weights take the tensors of their paths, in their own
 * dtypes. F16 and BF16 are float16 and bfloat16, F8 becomes float32, further integer types int32. Throws FormatError for broken files, ValueError and ShapeError
 * where the weights of the model do not fit; the model is then as before.
 *
 * @example
 * const { tensors, metadata } = await saving.loadSafetensors("model.safetensors");
 * await saving.loadSafetensors("model.safetensors", { model });
 */
export async function loadSafetensors(source: FileSource, options: { readonly model?: Layer } = {}): Promise<SafetensorsFile> {
  const where = typeof source === "string" ? `loadSafetensors("${source}")` : "loadSafetensors";
  const file = decodeSafetensors(await readSource(where, source), where);
  if (options.model !== undefined) assignByPath(where, options.model, file.tensors);
  return file;
}
