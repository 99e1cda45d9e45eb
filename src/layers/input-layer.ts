/** Where a model's data comes in. */
import type { DType } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { isText, type Shape, symbolicTensor, symbolicText, type Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { Layer } from "./layer.ts";
import type { InputOfCall } from "./layer-types.ts";
import { describe, type LayerOptions } from "./layer-options.ts";
import { isShape } from "./structure.ts";

/** Options of InputLayer and Input. */
export interface InputOptions extends Omit<LayerOptions, "dtype"> {
  /** Shape of one sample, without the batch; null where any extent is fine. */
  readonly shape?: Shape | null;
  /** Fixed batch size. Default: any. */
  readonly batchSize?: number | null;
  /** Shape with the batch, instead of `shape`. */
  readonly batchShape?: Shape | null;
  /** Default `config.floatx()`. "string": texts, for layers such as TextVectorization. */
  readonly dtype?: DType | "string" | null;
  /** Keras's; only false. */
  readonly sparse?: boolean;
  /** Keras's; only false. */
  readonly ragged?: boolean;
  /** Keras's; only false. */
  readonly optional?: boolean;
}

const inputLayers = new WeakMap<Tensor, InputLayerLayer>();

/** The input layer of a symbolic tensor that `Input` made; undefined for other tensors. */
export function inputLayerOf(tensor: Tensor): InputLayerLayer | undefined {
  return inputLayers.get(tensor);
}

/** Holds the symbolic tensor that stands for a model's input. Made by `Input`, or by Sequential. */
export class InputLayerLayer extends Layer<InputOptions & LayerOptions> {
  static override readonly className: string = "InputLayer";
  declare batchShape: Shape;
  readonly #tensor: Tensor;

  constructor(options: InputOptions) {
    const given = options as InputOptions | undefined;
    const texts = given?.dtype === "string";
    super((texts ? { ...given, dtype: null } : given) as InputOptions & LayerOptions, {
      shape: null,
      batchSize: null,
      batchShape: null,
      sparse: false,
      ragged: false,
      optional: false,
    });
    for (const kind of ["sparse", "ragged"] as const) {
      if (given?.[kind] !== true) continue;
      throw new ValueError({ where: this.label, problem: `there are no ${kind} tensors`, expected: `${kind}: false`, received: "true" });
    }
    const shape =
      given?.batchShape ?? (given?.shape === undefined || given.shape === null ? null : [given.batchSize ?? null, ...given.shape]);
    if (
      shape === null ||
      !isShape(shape) ||
      shape.length === 0 ||
      shape.some((extent) => extent !== null && !(Number.isInteger(extent) && extent >= 0))
    ) {
      throw new ValueError({
        where: this.label,
        problem: "an input needs the shape of one sample",
        expected: "for example { shape: [28, 28, 1] }, null where any extent is fine",
        received: describe(options),
      });
    }
    this.batchShape = [...shape];
    this.#tensor = texts ? symbolicText(this.batchShape, undefined) : symbolicTensor(this.batchShape, this.dtype, undefined);
    inputLayers.set(this.#tensor, this);
    this.built = true;
  }

  /** The symbolic tensor. */
  override get input(): InputOfCall<this["call"]> {
    return this.#tensor;
  }

  /** The symbolic tensor. */
  override get output(): ReturnType<this["call"]> {
    return this.#tensor as never;
  }

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): Config {
    return { batch_shape: [...this.batchShape], dtype: isText(this.#tensor) ? "string" : this.dtype, sparse: false, name: this.name };
  }
}

/** Holds a model's input; see {@link InputLayerLayer}. */
export const InputLayer: CallableClass<typeof InputLayerLayer> = /* @__PURE__ */ callableClass(InputLayerLayer);
export type InputLayer = InputLayerLayer;

/**
 * A symbolic tensor that stands for a model's input.
 *
 * @example
 * const x = Input({ shape: [784] });
 */
export function Input(options: InputOptions): Tensor {
  return new InputLayer(options).output;
}
