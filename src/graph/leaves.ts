/** Leaves of the graph: given data, arguments of a traced function, states of variables. */
import { type DType, isShortFloat, roundedTo, roundToShort, type TypedArray } from "../dtype/index.ts";
import { InternalError } from "../errors.ts";
import type { Primitive } from "./primitive.ts";
import type { ConcreteShape, Shape } from "./shape.ts";
import { Node, Tensor } from "./tensor.ts";

function leaf(name: string): Primitive {
  return {
    name,
    infer: () => {
      throw new InternalError(name, "a leaf is not applied");
    },
    gradient: null,
    reference: () => {
      throw new InternalError(name, "a leaf has no meaning of its own: its value is bound by the runtime");
    },
    lowering: { kind: "leaf" },
    samples: () => [],
  };
}

/** A value that is given. */
export const dataLeaf: Primitive = leaf("data");
/** An argument of a traced function or a loop body. */
export const parameterLeaf: Primitive = leaf("parameter");
/** One version of a variable. */
export const stateLeaf: Primitive = leaf("state");
/** A symbolic tensor of a model under construction. */
export const symbolicLeaf: Primitive = leaf("symbolic");

/** A tensor that holds `values` (not copied, unless float16 or bfloat16 has not all of them). */
export function dataTensor(values: TypedArray, shape: ConcreteShape, dtype: DType): Tensor {
  const node = new Node(dataLeaf, [], {}, [{ shape, dtype }]);
  const hasAll = !isShortFloat(dtype) || values.every((value: number) => Object.is(roundToShort(dtype, value), value));
  node.values[0] = hasAll ? values : Float32Array.from(values, (value) => roundedTo(dtype, value));
  return new Tensor(node, 0);
}

/** A placeholder for an argument. */
export function parameterTensor(shape: ConcreteShape, dtype: DType): Tensor {
  return new Tensor(new Node(parameterLeaf, [], {}, [{ shape, dtype }]), 0);
}

/** The node that stands for one version of a variable. `origin` is whatever the runtime needs to find it. */
export function stateTensor(shape: ConcreteShape, dtype: DType, origin: unknown): Tensor {
  const node = new Node(stateLeaf, [], {}, [{ shape, dtype }]);
  node.origin = origin;
  return new Tensor(node, 0);
}

/** A symbolic tensor: unknown extents are null. Its node's `types` are never looked at. `origin` records how it was made. */
export function symbolicTensor(shape: Shape, dtype: DType, origin: unknown): Tensor {
  const node = new Node(symbolicLeaf, [], {}, [{ shape: shape.map((extent) => extent ?? 0), dtype }]);
  node.origin = origin;
  return new Tensor(node, 0, shape);
}

const texts = new WeakSet<Tensor>();

/** A symbolic tensor that stands for texts. Graphs see the numbers of texts: its dtype is int32. */
export function symbolicText(shape: Shape, origin: unknown): Tensor {
  const tensor = symbolicTensor(shape, "int32", origin);
  texts.add(tensor);
  return tensor;
}

/** Whether `value` is a symbolic tensor that stands for texts. */
export function isText(value: unknown): boolean {
  return value instanceof Tensor && texts.has(value);
}

/** Whether a tensor is symbolic: it has no value, now or later. */
export function isSymbolic(tensor: Tensor): boolean {
  return tensor.node.primitive === symbolicLeaf;
}
