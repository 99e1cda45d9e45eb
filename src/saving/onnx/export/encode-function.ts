/** Functions of tensors as ONNX models: traced, aligned, lowered, written. */
import type { DType } from "../../../dtype/index.ts";
import { ValueError } from "../../../errors.ts";
import { parameterTensor, type Shape, type Tensor, trace, type Trace, type Variable } from "../../../graph/index.ts";
import { encodeModel } from "../wire.ts";
import { alignGraphs } from "./aligned-graph.ts";
import { assignmentsOf, type ExtentSymbol, symbolLimit } from "./extents.ts";
import { GraphWriter, type Value } from "./graph-writer.ts";
import { GraphLowering } from "./lower-graph.ts";

/** Version of the operators that is written. */
export const opset = 18;

/** An input. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Unknown extents: all batches are one, every other is one of its own. */
function symbolsOf(where: string, slots: readonly Slot[]): { symbols: ExtentSymbol[]; positions: (number | null)[][] } {
  const symbols: ExtentSymbol[] = [];
  let batch: number | null = null;
  const positions = slots.map(({ name, shape }, input) =>
    shape.map((extent, axis) => {
      if (extent !== null) return null;
      if (axis === 0) {
        if (batch === null) {
          batch = symbols.length;
          symbols.push({ name: "batch", input, axis });
        }
        return batch;
      }
      symbols.push({ name: `${name}_${axis}`, input, axis });
      return symbols.length - 1;
    }),
  );
  if (symbols.length <= symbolLimit) return { symbols, positions };
  throw new ValueError({
    where,
    problem: "too many extents of the inputs are unknown",
    expected: `at most ${symbolLimit}, the batch among them`,
    received: symbols.map(({ name }) => name).join(", "),
    advice: "fix some: exportOnnx(model, path, { inputShapes: [[null, 224, 224, 3]] })",
  });
}

/** A function to be written. */
export interface FunctionOptions {
  /** How errors name it. */
  readonly where: string;
  readonly graphName: string;
  readonly inputs: readonly Slot[];
  /** Default: output_1, ... */
  readonly outputNames?: readonly string[] | null;
  /** What it computes, from tensors of known extents. Called once per trace. */
  readonly call: (tensors: readonly Tensor[]) => Tensor[];
}

/** The bytes of an ONNX file of a function. Variables that it reads become initializers by their paths. */
export async function encodeFunction(options: FunctionOptions): Promise<Uint8Array> {
  const { where, inputs: slots } = options;
  const { symbols, positions } = symbolsOf(where, slots);
  const assignments = assignmentsOf(symbols);
  const parameters = assignments.map((point) =>
    slots.map(({ shape, dtype }, input) =>
      parameterTensor(
        shape.map((extent, axis) => extent ?? point[positions[input]![axis]!]!),
        dtype,
      ),
    ),
  );
  const traces = parameters.map((tensors): Trace<Tensor[]> => trace(() => options.call(tensors)));
  const results = traces.map(({ result }) => result);
  const lowering = new GraphLowering(where, traces.length);
  const weights = traces[0]!.reads;
  const states = new Map<Variable, string>([...weights.keys()].map((variable, i) => [variable, `weight ${i}`]));
  const leafNames = traces.map(({ reads }, t) => {
    const names = new Map<Tensor["node"], string>();
    parameters[t]!.forEach((tensor, i) => names.set(tensor.node, `input ${i}`));
    for (const [variable, tensor] of reads) names.set(tensor.node, states.get(variable) ?? "unknown");
    return names;
  });
  const graph = alignGraphs(
    where,
    results,
    lowering.constants((tensor, t) => leafNames[t]!.get(tensor.node)),
  );
  const inputNames = uniqueNames(slots.map(({ name }) => name));
  const writer = new GraphWriter({ where, symbols, inputNames, traces: traces.length });
  const leaves = new Map<string, Value>();
  slots.forEach(({ dtype }, i) => {
    const shape = slots[i]!.shape.map((_, axis) => parameters.map((tensors) => tensors[i]!.shape[axis]!));
    leaves.set(`input ${i}`, writer.named(inputNames[i]!, { shape, dtype }));
  });
  const outputNames = uniqueNames(options.outputNames ?? results[0]!.map((_, i) => `output_${i + 1}`), inputNames);
  for (const name of outputNames) writer.unique(name);
  const values = await Promise.all([...weights.keys()].map(async (variable) => [variable, await variable.data()] as const));
  for (const [variable, data] of values)
    leaves.set(states.get(variable)!, writer.constant(data, variable.shape, variable.dtype, variable.path));
  const outputs = lowering.lower(graph, writer, (name) => leaves.get(name) ?? lowering.constantOf(name, writer));
  outputs.forEach((output, i) => {
    const { name } = writer.full({ ...output, shape: graph.rootTypes[i]!.shape });
    writer.nodes.push({ input: [name], output: [outputNames[i]!], name: outputNames[i]!, opType: "Identity", attribute: [] });
  });
  const symbolNames = new Map(symbols.map(({ name }, i) => [assignments.map((point) => point[i]!).join(), name]));
  const infos = slots.map(({ dtype }, i) => writer.info(inputNames[i]!, leaves.get(`input ${i}`)!.shape, dtype, symbolNames));
  const outputInfos = outputs.map((output, i) => writer.info(outputNames[i]!, graph.rootTypes[i]!.shape, output.dtype, symbolNames));
  return encodeModel({
    irVersion: 8,
    producerName: "nabla",
    opsetImport: [{ domain: "", version: opset }],
    graph: writer.graph(options.graphName, infos, outputInfos),
    metadataProps: [],
    functions: [],
  });
}

function uniqueNames(names: readonly string[], taken: readonly string[] = []): string[] {
  const used = new Set(taken);
  return names.map((name) => {
    let unique = name;
    for (let i = 1; used.has(unique); i++) unique = `${name}_${i}`;
    used.add(unique);
    return unique;
  });
}
