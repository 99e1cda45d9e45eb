/** Reading ONNX files. */
import { platform } from "../../../platform/index.ts";
import { FormatError, type FileSource, readSource } from "../../source.ts";
import type { AttributeProto, GraphProto, ModelProto, TensorProto } from "../schema.ts";
import { decodeModel } from "../wire.ts";
import { OnnxModel } from "./onnx-model.ts";
import { locationOf } from "./read-tensor.ts";

export { OnnxModel };
export type { OnnxInput } from "./onnx-model.ts";

/** Options of `loadOnnx`. */
export interface LoadOnnxOptions {
  /** Name of the model. Default: that of the graph. */
  readonly name?: string;
  /** Bytes of files with weights, by their location in the model, for a model that is given as bytes. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
}

/**
 * The model of an ONNX file (a path or its bytes). Weights in files beside it are read from its folder, and from nowhere
 * else. Throws FormatError for broken files, UnknownNameError for operators that are not there.
 *
 * @example
 * const model = await saving.loadOnnx("resnet18.onnx");
 * const logits = await model.predict(images);
 */
export async function loadOnnx(source: FileSource, options: LoadOnnxOptions = {}): Promise<OnnxModel> {
  const where = typeof source === "string" ? `loadOnnx("${source}")` : "loadOnnx";
  const proto = decodeModel(where, await readSource(where, source));
  const external = new Map(Object.entries(options.externalData ?? {}));
  if (typeof source === "string") await readExternal(where, source, proto, external);
  return new OnnxModel(where, proto, external, options.name);
}

function tensorsIn(graph: GraphProto | undefined): TensorProto[] {
  if (graph === undefined) return [];
  const ofAttribute = ({ t, tensors, g, graphs }: AttributeProto): TensorProto[] => [
    ...(t === undefined ? [] : [t]),
    ...tensors,
    ...tensorsIn(g),
    ...graphs.flatMap(tensorsIn),
  ];
  return [...graph.initializer, ...graph.node.flatMap(({ attribute }) => attribute.flatMap(ofAttribute))];
}

async function readExternal(where: string, path: string, proto: ModelProto, external: Map<string, Uint8Array>): Promise<void> {
  for (const tensor of tensorsIn(proto.graph)) {
    const place = locationOf(`${where}: "${tensor.name ?? ""}"`, tensor);
    if (place === null || external.has(place.location)) continue;
    const folder = path.replace(/[^/\\]*$/, "") || "./";
    const file = await platform.pathInside(folder, place.location);
    if (file === null)
      throw new FormatError({
        where,
        problem: "the elements lie in a file outside the folder of the model",
        expected: `a file inside ${folder}`,
        received: JSON.stringify(place.location),
      });
    external.set(place.location, await readSource(where, file));
  }
}
