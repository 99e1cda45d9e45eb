/** The base of layers that take texts: StringTensors pass, arrays of texts become StringTensors. */
import { ValueError } from "../errors.ts";
import { isHostTypedArray, isStringData, isText, type StringData, StringTensor, stringTensor, Tensor, Variable } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { Layer } from "./layer.ts";
import { describe, type LayerOptions } from "./layer-options.ts";

/** What such layers are called on. */
export type TextInput = Tensor | StringTensor | readonly StringData[] | TensorLike;

/** A layer whose inputs may be texts. They are looked at when the layer is called: texts are no part of programs. */
export abstract class TextLayer<Options extends object = LayerOptions> extends Layer<Options> {
  protected override convertInput(leaf: unknown): unknown {
    return leaf instanceof StringTensor || isText(leaf) ? leaf : super.convertInput(leaf);
  }

  protected override invoke(...args: never[]): unknown {
    const [first, ...rest]: unknown[] = args;
    return super.invoke(...([this.wrapArrays(first), ...rest].slice(0, args.length) as never[]));
  }

  /** Nested arrays of texts or numbers as one tensor. */
  protected wrapArrays(value: unknown): unknown {
    if (Array.isArray(value) && isStringData(value)) return stringTensor(this.label, value);
    return isNumbers(value) ? asTensor(value) : value;
  }

  /** `input`, which is a StringTensor. Throws ValueError where it is something else. */
  protected expectTexts(input: unknown): StringTensor {
    if (input instanceof StringTensor) return input;
    throw new ValueError({
      where: this.label,
      problem: "the layer takes texts",
      expected: 'tensor(["a", "b"], { dtype: "string" }), or arrays of texts',
      received: describe(input),
      advice: "numbers need no such layer, or IntegerLookup",
    });
  }

  /** `input` as int32: fractions are cut off. Throws ValueError for texts and what is no tensor. */
  protected toIntegers(input: unknown): Tensor {
    if (input instanceof Tensor) return asTensor(input, "int32");
    throw new ValueError({
      where: this.label,
      problem: "the layer takes integers",
      expected: 'tensor([1, 2], { dtype: "int32" })',
      received: describe(input),
      advice: "texts go into StringLookup",
    });
  }
}

/** Whether a value is an array of numbers, not a list of tensors. */
function isNumbers(value: unknown): value is TensorLike {
  let part = value;
  if (!Array.isArray(part)) return false;
  while (Array.isArray(part)) part = (part as unknown[])[0];
  return typeof part === "number" || typeof part === "boolean" || (isHostTypedArray(part) && !(part instanceof Variable));
}
