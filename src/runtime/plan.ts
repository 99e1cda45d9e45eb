/** From tensors to a program: what a run needs, what it gives, and the key under which the program is found. */
import { type DType, hostArray, type TypedArray } from "../dtype/index.ts";
import { InternalError, StateError, ValueError } from "../errors.ts";
import {
  dataLeaf,
  dataTensor,
  type Node,
  parameterLeaf,
  parameterTensor,
  rebuild,
  stateLeaf,
  type StateVersion,
  type Structure,
  structureOf,
  Subgraph,
  symbolicLeaf,
  type Tensor,
  type TensorType,
  typeText,
  type VariableState,
  versionOf,
} from "../graph/index.ts";

/** Where a result comes from. Only `program` results are computed. */
export type Source =
  | { readonly kind: "program"; readonly index: number }
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "state"; readonly index: number }
  | { readonly kind: "scalar"; readonly value: number; readonly dtype: DType }
  | { readonly kind: "given"; readonly values: TypedArray };

/** Captured data of this size and more is part of a traced function's program: uploaded once, not with each run. */
export const constantBytes = 4096;

/** What a program is planned from. */
export interface PlanRequest {
  readonly results: readonly Tensor[];
  readonly updates: readonly { readonly state: VariableState; readonly value: Tensor }[];
  /** Placeholders whose values come with each run. */
  readonly parameters?: readonly Tensor[];
  /** State leaves of a trace. */
  readonly reads?: ReadonlyMap<Node, VariableState>;
  /** Whether stored versions that were captured outside are values of that moment (a traced function), not states. */
  readonly freeze?: boolean;
}

/** One run as data: arguments, states and scalars in order, and where results come from. */
export interface Plan {
  readonly structure: Structure;
  readonly key: string;
  readonly argumentTypes: readonly TensorType[];
  /** Tensors that are given, after the parameters among the arguments. */
  readonly captured: readonly Tensor[];
  /** Given data that is part of the program. */
  readonly constants: readonly { readonly values: TypedArray; readonly type: TensorType }[];
  readonly states: readonly VariableState[];
  readonly scalars: readonly number[];
  readonly scalarTypes: readonly DType[];
  readonly results: readonly Source[];
  /** What becomes of variables: computed ones are `writtenStates` of the program, in this order. */
  readonly written: readonly { readonly state: VariableState; readonly index: number; readonly update: number }[];
  /** Updates that need no program: position among the request's updates, and where the value is. */
  readonly copied: readonly { readonly state: VariableState; readonly source: Source; readonly update: number }[];
  /** References of the program's results, without the written states. */
  readonly computed: readonly string[];
  readonly writtenReferences: readonly string[];
}

/**
 * Plans a run. Scalar constants other than 0, 1 and -1 become run-time scalars, so that another learning rate finds the
 * same program. Throws ValueError for symbolic tensors and StateError for tensors that have no value outside their trace.
 */
export function makePlan(request: PlanRequest): Plan {
  const parameters = new Map<Node, number>();
  const argumentTypes: TensorType[] = [];
  request.parameters?.forEach((parameter, position) => {
    parameters.set(parameter.node, position);
    argumentTypes.push(parameter.node.types[0]!);
  });
  const captured: Tensor[] = [];
  const constants: { values: TypedArray; type: TensorType }[] = [];
  const states: VariableState[] = [];
  const positions = new Map<VariableState, number>();
  const scalars: number[] = [];
  const scalarTypes: DType[] = [];

  const addState = (state: VariableState): number => {
    let position = positions.get(state);
    if (position === undefined) {
      position = states.push(state) - 1;
      positions.set(state, position);
    }
    return position;
  };
  const addCaptured = (tensor: Tensor): string => {
    captured.push(tensor);
    return `a${argumentTypes.push(tensor.node.types[tensor.index]!) - 1}`;
  };
  const leaf = (tensor: Tensor): string | undefined => {
    const { node } = tensor;
    const values = node.values[tensor.index];
    if (values !== undefined) {
      if (request.freeze !== true || values.byteLength < constantBytes) return addCaptured(tensor);
      return `k${constants.push({ values, type: node.types[tensor.index]! }) - 1}`;
    }
    const { primitive } = node;
    if (primitive.lowering.kind === "constant") {
      const value = node.attributes["value"];
      if (typeof value !== "number") throw new InternalError(primitive.name, "a constant has no number");
      if (isStructural(value)) return undefined;
      scalars.push(value);
      return `c${scalarTypes.push(node.types[0]!.dtype) - 1}`;
    }
    if (primitive === parameterLeaf) {
      const position = parameters.get(node);
      if (position === undefined) throw escaped(node, "an argument of a traced function");
      return `a${position}`;
    }
    if (primitive === stateLeaf) {
      const state = request.reads?.get(node);
      if (state === undefined) throw escaped(node, "a variable read inside a traced function");
      return `s${addState(state)}`;
    }
    if (primitive === dataLeaf) throw withoutValue(node);
    if (primitive === symbolicLeaf) throw symbolic(tensor);
    const version = versionOf(node);
    if (version !== undefined && node.inputs.length === 0) {
      if (!isStored(version)) throw withoutValue(node);
      return request.freeze === true ? addCaptured(tensor) : `s${addState(version.state)}`;
    }
    if (node.cut) throw cutOff(node);
    return undefined;
  };

  const structure = structureOf([...request.results, ...request.updates.map((update) => update.value)], leaf);
  const computed: string[] = [];
  const source = (reference: string): Source | string => {
    const position = Number(reference.slice(1));
    if (reference.startsWith("a")) return { kind: "argument", index: position };
    if (reference.startsWith("s")) return { kind: "state", index: position };
    if (reference.startsWith("k")) return { kind: "given", values: constants[position]!.values };
    if (reference.startsWith("c")) return { kind: "scalar", value: scalars[position]!, dtype: scalarTypes[position]! };
    const { node } = structure.nodes[Number(reference.slice(0, reference.indexOf(".")))]!;
    if (node.primitive.lowering.kind === "constant")
      return { kind: "scalar", value: node.attributes["value"] as number, dtype: node.types[0]!.dtype };
    return reference;
  };
  const results = request.results.map((_, i): Source => {
    const from = source(structure.roots[i]!);
    if (typeof from !== "string") return from;
    const known = computed.indexOf(from);
    return { kind: "program", index: known >= 0 ? known : computed.push(from) - 1 };
  });
  const written: { state: VariableState; index: number; update: number }[] = [];
  const writtenReferences: string[] = [];
  const copied: { state: VariableState; source: Source; update: number }[] = [];
  request.updates.forEach(({ state }, update) => {
    const from = source(structure.roots[request.results.length + update]!);
    if (typeof from !== "string") {
      copied.push({ state, source: from, update });
      return;
    }
    written.push({ state, index: addState(state), update });
    writtenReferences.push(from);
  });
  const key = [
    argumentTypes.map(typeText).join(" "),
    states.map(typeText).join(" "),
    scalarTypes.join(" "),
    constants.map(({ values, type }) => `${identityOf(values)}:${typeText(type)}`).join(" "),
    structure.text,
    computed.join(" "),
    written.map(({ index }, i) => `${index}=${writtenReferences[i]}`).join(" "),
  ].join("|");
  return {
    structure,
    key,
    argumentTypes,
    captured,
    constants,
    states,
    scalars,
    scalarTypes,
    results,
    written,
    copied,
    computed,
    writtenReferences,
  };
}

const identities = new WeakMap<TypedArray, number>();
let nextIdentity = 0;

/** A number for an array that no other array has. */
function identityOf(values: TypedArray): number {
  let identity = identities.get(values);
  if (identity === undefined) identities.set(values, (identity = nextIdentity++));
  return identity;
}

/** Values that are part of a graph's structure: algebra depends on them. */
function isStructural(value: number): boolean {
  return value === 1 || value === -1 || Object.is(value, 0);
}

/** Whether the variable's memory holds this version. */
export function isStored(version: StateVersion): boolean {
  return version.state.captured?.deref() === version;
}

/** The program's graph, over placeholders: arguments, states, scalars; results, then written states. */
export function subgraphOf(plan: Plan): Subgraph {
  const leaves = new Map<string, Tensor>();
  const parameters: Tensor[] = [];
  const add = (name: string, type: TensorType): void => {
    const tensor = parameterTensor(type.shape, type.dtype);
    leaves.set(name, tensor);
    parameters.push(tensor);
  };
  plan.argumentTypes.forEach((type, i) => {
    add(`a${i}`, type);
  });
  plan.states.forEach(({ shape, dtype }, i) => {
    add(`s${i}`, { shape, dtype });
  });
  plan.scalarTypes.forEach((dtype, i) => {
    add(`c${i}`, { shape: [], dtype });
  });
  plan.constants.forEach(({ values, type }, i) => leaves.set(`k${i}`, dataTensor(values, type.shape, type.dtype)));
  const lookUp = rebuild(plan.structure, leaves);
  return new Subgraph(parameters, [...plan.computed, ...plan.writtenReferences].map(lookUp));
}

/** The host array of a scalar result. */
export function scalarValues(value: number, dtype: DType): TypedArray {
  const values = hostArray(dtype, 1);
  values[0] = value;
  return values;
}

function escaped(node: Node, what: string): StateError {
  return new StateError({
    where: node.scope || "runtime",
    problem: `${what} has no value outside that function`,
    advice: "return it from the function, and read what the function returns",
  });
}

function withoutValue(node: Node): Error {
  if (node.origin instanceof Error) return node.origin;
  return new StateError({
    where: node.scope || "runtime",
    problem: "this tensor has no value: the run that should have made it failed or never ended",
    advice: "look at the first error",
  });
}

function symbolic(tensor: Tensor): ValueError {
  return new ValueError({
    where: tensor.node.scope || "runtime",
    problem: "a symbolic tensor has no values",
    received: tensor.toString(),
    advice: "build a Model from it, and call the model or model.predict on data",
  });
}

function cutOff(node: Node): StateError {
  return new StateError({
    where: node.scope || node.primitive.name,
    problem: "the value was disposed of and its inputs are gone, as the chain of read tensors behind it grew too long",
    advice: "keep the values you need, or do the whole computation in one `jit` function",
  });
}
