/** A graph of ONNX nodes that is being written: names, constants, extents, bodies. */
import { type DType, hostArray, type TypedArray } from "../../../dtype/index.ts";
import { type ConcreteShape, sizeOf } from "../../../graph/index.ts";
import { storedBytes } from "../../stored-array.ts";
import {
  attributeTypes,
  type AttributeProto,
  elementTypes,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../schema.ts";
import { type Extent, type ExtentSymbol, isStatic, sameExtent, termsOf } from "./extents.ts";

/** Elements that are known while the model is exported. */
export interface KnownArray {
  readonly values: TypedArray;
  readonly shape: ConcreteShape;
}

/**
 * A value of the ONNX graph. `stored` is its shape there; axes along which it repeats one element may have extent 1
 * instead of their extent in `shape`: most operators broadcast by themselves. A known number may have rank 0 instead.
 */
export interface Value {
  readonly name: string;
  readonly stored: readonly Extent[];
  readonly shape: readonly Extent[];
  readonly dtype: DType;
  /** Elements of the stored shape, where they are known. */
  readonly known?: KnownArray;
}

/** Attributes as they are given: whole numbers become ints, `{ float }` floats. */
export type AttributeValue =
  number | string | readonly number[] | { readonly float: number } | { readonly graph: GraphProto } | { readonly tensor: TensorProto };

/** A node's attribute. */
export function attribute(name: string, value: AttributeValue): AttributeProto {
  const empty = { floats: [], ints: [], strings: [], tensors: [], graphs: [] };
  if (typeof value === "number") return { name, ...empty, type: attributeTypes.int, i: value };
  if (typeof value === "string") return { name, ...empty, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  if ("float" in value) return { name, ...empty, type: attributeTypes.float, f: value.float };
  if ("graph" in value) return { name, ...empty, type: attributeTypes.graph, g: value.graph };
  if ("tensor" in value) return { name, ...empty, type: attributeTypes.tensor, t: value.tensor };
  return { name, ...empty, type: attributeTypes.ints, ints: [...value] };
}

const noData = { floatData: [], int32Data: [], stringData: [], int64Data: [], doubleData: [], uint64Data: [], externalData: [] };

/** An array of numbers as ONNX holds it. */
export function tensorProto(name: string, values: TypedArray, shape: ConcreteShape, dtype: DType): TensorProto {
  return { name, dims: [...shape], dataType: elementTypes[dtype], rawData: storedBytes(values, dtype), ...noData };
}

/** A list of int64. */
function int64Proto(name: string, values: readonly number[], shape: ConcreteShape): TensorProto {
  const raw = new DataView(new ArrayBuffer(8 * values.length));
  values.forEach((value, i) => raw.setBigInt64(8 * i, BigInt(value), true));
  return { name, dims: [...shape], dataType: elementTypes.int64, rawData: new Uint8Array(raw.buffer), ...noData };
}

/** What all graphs of a model share. */
interface Shared {
  readonly where: string;
  readonly symbols: readonly ExtentSymbol[];
  readonly inputNames: readonly string[];
  readonly traces: number;
  readonly initializers: TensorProto[];
  readonly lists: Map<string, string>;
  readonly extents: Map<string, string>;
  readonly names: Map<string, number>;
}

/** An ONNX graph under construction. Constants and extents of bodies live in the outermost graph, which bodies can see. */
export class GraphWriter {
  readonly nodes: NodeProto[] = [];
  /** The layer or operation that nodes are made for. */
  scope = "";
  readonly #shared: Shared;
  readonly #root: GraphWriter;

  constructor(parent: GraphWriter | Pick<Shared, "where" | "symbols" | "inputNames" | "traces">) {
    if (parent instanceof GraphWriter) {
      this.#shared = parent.#shared;
      this.#root = parent.#root;
      this.scope = parent.scope;
      return;
    }
    this.#shared = { ...parent, initializers: [], lists: new Map(), extents: new Map(), names: new Map() };
    for (const name of parent.inputNames) this.unique(name);
    this.#root = this;
  }

  /** Constants of the whole model. */
  get initializers(): readonly TensorProto[] {
    return this.#shared.initializers;
  }

  /** A number that is the same in every trace. */
  fixed(value: number): Extent {
    return new Array<number>(this.#shared.traces).fill(value);
  }

  /** A name that nothing else has. */
  unique(name: string): string {
    const count = this.#shared.names.get(name) ?? 0;
    this.#shared.names.set(name, count + 1);
    return count === 0 ? name : this.unique(`${name}_${count}`);
  }

  /** Adds a node with several outputs; gives their names. An input "" is left out. */
  nodeOf(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>>, outputs: number): string[] {
    const base = this.scope === "" ? opType : `${this.scope}/${opType}`;
    const output = Array.from({ length: outputs }, () => this.unique(base));
    this.nodes.push({
      input: [...inputs],
      output,
      name: output[0]!,
      opType,
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  /** Adds a node with one output; gives its name. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    return this.nodeOf(opType, inputs, attributes, 1)[0]!;
  }

  /** A node whose result fills its shape. */
  value(
    opType: string,
    inputs: readonly string[],
    type: Pick<Value, "shape" | "dtype">,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): Value {
    return this.named(this.node(opType, inputs, attributes), type);
  }

  /** What a name stands for. */
  named(name: string, { shape, dtype }: Pick<Value, "shape" | "dtype">): Value {
    return { name, stored: shape, shape, dtype };
  }

  /** A constant of int64: an index, an axis, a shape. */
  integers(values: readonly number[], scalar = false): string {
    const key = `${scalar ? "scalar " : ""}${values.join()}`;
    let name = this.#shared.lists.get(key);
    if (name === undefined) {
      name = this.unique(`int64_${values.map((value) => (value < 0 ? `m${-value}` : value)).join("_")}`.slice(0, 40));
      this.#shared.initializers.push(int64Proto(name, values, scalar ? [] : [values.length]));
      this.#shared.lists.set(key, name);
    }
    return name;
  }

  /** A constant. */
  constant(values: TypedArray, shape: ConcreteShape, dtype: DType, name = "constant"): Value {
    const unique = this.unique(name);
    this.#shared.initializers.push(tensorProto(unique, values, shape, dtype));
    const extents = shape.map((extent) => this.fixed(extent));
    return { name: unique, stored: extents, shape: extents, dtype, known: { values, shape } };
  }

  /** A number of rank 0. */
  scalar(value: number, dtype: DType): Value {
    const key = `${dtype} ${Object.is(value, -0) ? "-0" : value}`;
    let name = this.#shared.lists.get(key);
    const values = hostArray(dtype, 1);
    values[0] = value;
    if (name === undefined) {
      const constant = this.constant(values, [], dtype, `${dtype}_${String(value).replace("-", "m").replace(/[^\w]/g, "_")}`);
      name = constant.name;
      this.#shared.lists.set(key, name);
    }
    return { name, stored: [], shape: [], dtype, known: { values, shape: [] } };
  }

  /** A list of one int64: an extent. */
  extent(extent: Extent): string {
    return this.#extentOf(extent);
  }

  #extentOf(extent: Extent): string {
    if (isStatic(extent)) return this.integers([extent[0]!]);
    const key = extent.join();
    const known = this.#shared.extents.get(key);
    if (known !== undefined) return known;
    const root = this.#root;
    const scope = root.scope;
    root.scope = "extents";
    const { symbols, inputNames, where } = this.#shared;
    const symbolValue = (i: number): string => {
      const { input, axis } = symbols[i]!;
      const name = `symbol ${i}`;
      let value = this.#shared.extents.get(name);
      if (value === undefined) {
        value = root.node("Shape", [inputNames[input]!], { start: axis, end: axis + 1 });
        this.#shared.extents.set(name, value);
      }
      return value;
    };
    const sum = termsOf(this.scope || where, extent, symbols).map(({ coefficient, symbols: factors }) => {
      const names = factors.map(symbolValue);
      if (coefficient !== 1 || names.length === 0) names.push(root.integers([coefficient]));
      return names.reduce((product, factor) => root.node("Mul", [product, factor]));
    });
    const name = sum.reduce((total, term) => root.node("Add", [total, term]));
    root.scope = scope;
    this.#shared.extents.set(key, name);
    return name;
  }

  /** A list of int64: a shape, starts, ends. */
  extents(list: readonly Extent[]): string {
    if (list.every(isStatic)) return this.integers(list.map((extent) => extent[0]!));
    const parts: string[] = [];
    let run: number[] = [];
    const flush = (): void => {
      if (run.length > 0) parts.push(this.integers(run));
      run = [];
    };
    for (const extent of list) {
      if (isStatic(extent)) run.push(extent[0]!);
      else {
        flush();
        parts.push(this.extent(extent));
      }
    }
    flush();
    return parts.length === 1 ? parts[0]! : this.node("Concat", parts, { axis: 0 });
  }

  /** The shape that Reshape takes: an only unknown extent is left to be found. */
  targetShape(list: readonly Extent[]): string {
    const open = list.filter((extent) => !isStatic(extent)).length;
    if (open === 1 && list.every((extent) => !isStatic(extent) || extent[0] !== 0))
      return this.integers(list.map((extent) => (isStatic(extent) ? extent[0]! : -1)));
    return this.extents(list);
  }

  /** The value with every element stored. */
  full(value: Value): Value {
    if (value.stored.every((extent, axis) => sameExtent(extent, value.shape[axis]!))) return value;
    return this.value("Expand", [value.name, this.extents(value.shape)], value);
  }

  /** The value in another shape of as many elements. */
  reshape(value: Value, shape: readonly Extent[]): Value {
    const full = this.full(value);
    if (shape.length === full.shape.length && shape.every((extent, axis) => sameExtent(extent, full.shape[axis]!))) return full;
    if (full.known !== undefined && shape.every(isStatic))
      return this.constant(
        full.known.values,
        shape.map((extent) => extent[0]!),
        value.dtype,
        full.name,
      );
    return this.value("Reshape", [full.name, this.targetShape(shape)], { shape, dtype: value.dtype });
  }

  /** The value with its axes in another order. */
  transpose(value: Value, permutation: readonly number[]): Value {
    if (permutation.every((axis, i) => axis === i)) return value;
    const pick = <T>(list: readonly T[]): T[] => permutation.map((axis) => list[axis]!);
    if (value.known?.shape.length === 0) return { ...value, stored: pick(value.stored), shape: pick(value.shape) };
    if (value.known !== undefined) {
      const shape = pick(value.known.shape);
      const transposed = this.constant(permuted(value.known, permutation), shape, value.dtype, value.name);
      return { ...transposed, shape: pick(value.shape) };
    }
    const name = this.node("Transpose", [value.name], { perm: permutation });
    return { name, stored: pick(value.stored), shape: pick(value.shape), dtype: value.dtype };
  }

  /** The value in another dtype. */
  cast(value: Value, dtype: DType): Value {
    if (value.dtype === dtype) return value;
    return { name: this.node("Cast", [value.name], { to: elementTypes[dtype] }), stored: value.stored, shape: value.shape, dtype };
  }

  /** A list of int64 from a value of int32. */
  toInt64(value: Value): string {
    return this.node("Cast", [value.name], { to: elementTypes.int64 });
  }

  /** Name and type of an input or output; unknown extents get the names of their symbols, or none. */
  info(name: string, shape: readonly Extent[], dtype: DType, symbolNames: ReadonlyMap<string, string> = new Map()): ValueInfoProto {
    const dim = shape.map((extent, axis) => {
      if (isStatic(extent)) return { dimValue: extent[0]! };
      const symbol = symbolNames.get(extent.join());
      return symbol === undefined ? { dimParam: `${name}_${axis}` } : { dimParam: symbol };
    });
    return { name, type: { tensorType: { elemType: elementTypes[dtype], shape: { dim } } } };
  }

  /** The graph as it stands, without what nothing needs. */
  graph(name: string, inputs: readonly ValueInfoProto[], outputs: readonly ValueInfoProto[]): GraphProto {
    const needed = new Set(outputs.map((output) => output.name!));
    const kept: NodeProto[] = [];
    for (const node of [...this.nodes].reverse()) {
      if (!node.output.some((output) => needed.has(output))) continue;
      kept.push(node);
      for (const input of namesIn(node)) needed.add(input);
    }
    const initializer = this.#root === this ? this.#shared.initializers.filter((tensor) => needed.has(tensor.name!)) : [];
    return { name, node: kept.reverse(), initializer, input: [...inputs], output: [...outputs], sparseInitializer: [] };
  }
}

/** What a node reads, also inside its bodies. */
function namesIn(node: NodeProto): string[] {
  const inner = node.attribute.flatMap(({ g }) =>
    g === undefined ? [] : [...g.node.flatMap(namesIn), ...g.output.map(({ name }) => name!)],
  );
  return [...node.input, ...inner];
}

function permuted({ values, shape }: KnownArray, permutation: readonly number[]): TypedArray {
  const out = values.slice();
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  let to = 0;
  const walk = (depth: number, from: number): void => {
    if (depth === permutation.length) {
      out[to++] = values[from]!;
      return;
    }
    const axis = permutation[depth]!;
    for (let i = 0, at = from; i < shape[axis]!; i++, at += strides[axis]!) walk(depth + 1, at);
  };
  if (sizeOf(shape) > 0) walk(0, 0);
  return out;
}
