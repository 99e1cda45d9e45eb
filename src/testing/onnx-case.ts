/** Single operators as ONNX models, for comparing their meaning here with that of onnxruntime. */
import type { NdArray } from "../graph/index.ts";
import { dataTensor, Tensor } from "../graph/index.ts";
import { flattenStructure } from "../layers/structure.ts";
import { attribute, type AttributeValue, tensorProto } from "../saving/onnx/export/graph-writer.ts";
import { OnnxModel } from "../saving/onnx/import/index.ts";
import {
  type AttributeProto,
  attributeTypes,
  elementTypes,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../saving/onnx/schema.ts";
import { decodeModel, encodeModel } from "../saving/onnx/wire.ts";
import { runOnnx } from "./onnx-runtime.ts";

/** An operand: elements that the model is fed, elements that stand in the file, or nothing. */
export type Operand =
  | { readonly kind: "input"; readonly array: NdArray; readonly int64?: boolean }
  | { readonly kind: "constant"; readonly array: NdArray; readonly int64?: boolean }
  | null;

/** Attributes: numbers are ints; `{ float }`, `{ floats }`, `{ texts }` say what else they are. */
export type CaseAttributes = Readonly<
  Record<string, AttributeValue | { readonly floats: readonly number[] } | { readonly texts: readonly string[] }>
>;

/** One application of an operator. */
export interface OnnxCase {
  readonly operator: string;
  readonly inputs: readonly Operand[];
  readonly attributes?: CaseAttributes;
  readonly outputs?: number;
  readonly opset?: number;
}

function attributeOf(name: string, value: CaseAttributes[string]): AttributeProto {
  const empty = { floats: [], ints: [], strings: [], tensors: [], graphs: [] };
  if (typeof value === "object" && "floats" in value) return { name, ...empty, type: attributeTypes.floats, floats: [...value.floats] };
  if (typeof value === "object" && "texts" in value)
    return { name, ...empty, type: attributeTypes.strings, strings: value.texts.map((text) => new TextEncoder().encode(text)) };
  return attribute(name, value);
}

function constantOf(
  name: string,
  { values, shape, dtype }: { values: NdArray["data"]; shape: readonly number[]; dtype: NdArray["dtype"] },
  int64: boolean,
): TensorProto {
  if (!int64) return tensorProto(name, values, shape, dtype);
  const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { ...tensorProto(name, values, shape, dtype), dataType: elementTypes.int64, rawData: raw };
}

/** A graph of nodes as a file; inputs of the graph have no shapes but the given ones. */
export function modelOf(graph: Partial<GraphProto>, opset = 18): Uint8Array {
  const whole: GraphProto = { name: "case", node: [], initializer: [], input: [], output: [], sparseInitializer: [], ...graph };
  return encodeModel({ irVersion: 8, opsetImport: [{ domain: "", version: opset }], graph: whole, metadataProps: [], functions: [] });
}

/** Name and type of a value of the graph. */
export function valueInfo(name: string, shape: readonly number[] | null, elemType: number): ValueInfoProto {
  return {
    name,
    type: { tensorType: { elemType, ...(shape === null ? {} : { shape: { dim: shape.map((dimValue) => ({ dimValue })) } }) } },
  };
}

/** The file of a case. */
export function encodeCase({ operator, inputs, attributes = {}, outputs = 1, opset = 18 }: OnnxCase): Uint8Array {
  const names = inputs.map((operand, i) => (operand === null ? "" : `x${i}`));
  const node: NodeProto = {
    opType: operator,
    name: "case",
    input: names,
    output: Array.from({ length: outputs }, (_, i) => `y${i}`),
    attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
  };
  const initializer: TensorProto[] = [];
  const input: ValueInfoProto[] = [];
  inputs.forEach((operand, i) => {
    if (operand === null) return;
    const { array, int64 = false } = operand;
    if (operand.kind === "constant")
      initializer.push(constantOf(`x${i}`, { values: array.data, shape: array.shape, dtype: array.dtype }, int64));
    else input.push(valueInfo(`x${i}`, array.shape, int64 ? elementTypes.int64 : elementTypes[array.dtype]));
  });
  const info = node.output.map((name) => ({ name }));
  return modelOf({ node: [node], initializer, input, output: info }, opset);
}

/** What a case differs in between here and onnxruntime; null: nothing. */
export async function compareCase(
  bytes: Uint8Array,
  fed: readonly { readonly array: NdArray; readonly int64?: boolean }[],
  tolerance = 1e-5,
): Promise<string | null> {
  const int64 = fed.flatMap((operand, i) => (operand.int64 === true ? [i] : []));
  const expected = await runOnnx(
    bytes,
    fed.map(({ array }) => array),
    { int64 },
  );
  const model = new OnnxModel("case", decodeModel("case", bytes), new Map());
  const tensors = fed.map(({ array: { data, shape, dtype } }) => dataTensor(data, shape, dtype));
  const result = model.call(tensors);
  const outputs = result instanceof Tensor ? [result] : model.resultNames.map((name) => (result as Record<string, Tensor>)[name]!);
  if (flattenStructure(result).length !== expected.length) return "another number of outputs";
  for (const [i, output] of outputs.entries()) {
    const { shape, data } = expected[i]!;
    if (output.shape.join() !== shape.join()) return `output ${i} has shape [${output.shape.join()}], not [${shape.join()}]`;
    const got = await output.data();
    const scale = Math.max(1e-3, ...data.map((value) => (Number.isFinite(value) ? Math.abs(value) : 0)));
    const wrong = data.findIndex(
      (value, k) =>
        !(
          Object.is(value, got[k]) ||
          value === got[k] ||
          Math.abs(value - got[k]!) <= tolerance * scale ||
          (Number.isNaN(value) && Number.isNaN(got[k]!))
        ),
    );
    if (wrong >= 0) return `output ${i}: element ${wrong} is ${got[wrong]}, not ${data[wrong]}`;
  }
  return null;
}
