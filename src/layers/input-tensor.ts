/** What layers are called on, as tensors. */
import { type DType, isFloat } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { formatShape, isHostTypedArray, isSymbolic, isText, StringTensor, Tensor, Variable } from "../graph/index.ts";
import { asTensor } from "../ops/as-tensor.ts";
import { describe } from "./layer-options.ts";

/** One input of a layer as a tensor; floating-point values get the layer's dtype. Throws ValueError for what is no tensor. */
export function inputTensor(where: string, leaf: unknown, dtype: DType): Tensor {
  if (isText(leaf) || leaf instanceof StringTensor) {
    throw new ValueError({
      where,
      problem: "the layer was called on texts",
      expected: "numbers",
      received: leaf instanceof StringTensor ? leaf.toString() : `texts ${formatShape((leaf as Tensor).shape)}`,
      advice: "turn them into numbers first: layers.StringLookup, TextVectorization or Hashing",
    });
  }
  if (leaf instanceof Tensor) {
    if (isSymbolic(leaf) || leaf.dtype === dtype || !isFloat(leaf.dtype) || !isFloat(dtype)) return leaf;
    return asTensor(leaf, dtype);
  }
  if (leaf instanceof Variable) return leaf.read();
  if (typeof leaf === "number" || typeof leaf === "boolean" || isHostTypedArray(leaf)) return asTensor(leaf);
  throw new ValueError({
    where,
    problem: "the layer was called on something that is no tensor",
    expected: "a tensor, or a list or object of tensors",
    received: describe(leaf),
    advice: "make a tensor: tensor(data, { shape })",
  });
}
