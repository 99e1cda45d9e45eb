/** What quantizers share. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { type Config, KerasObject } from "../serialization/index.ts";
import type { ByteType } from "./integers.ts";

/** Options that quantizers share. */
export interface QuantizerOptions {
  /** What the numbers fit into. Default "int8". */
  readonly outputDtype?: ByteType;
}

/**
 * Makes small whole numbers of floats: override `call` and `options`. By itself it leaves a tensor as it is.
 */
export class Quantizer extends KerasObject {
  static override readonly className: string = "Quantizer";
  readonly outputDtype: ByteType;

  constructor(options: QuantizerOptions = {}) {
    super();
    this.outputDtype = options.outputDtype ?? "int8";
    if (this.outputDtype !== "int8" && this.outputDtype !== "uint8")
      throw new ValueError({
        where: this.constructor.name === "" ? "Quantizer" : (this.constructor as typeof Quantizer).className,
        problem: "quantized numbers have no such dtype",
        expected: '"int8" or "uint8"',
        received: JSON.stringify(this.outputDtype),
      });
  }

  override call(x: TensorLike, _options: object = {}): Tensor | readonly Tensor[] {
    return asTensor(x);
  }

  protected override options(): Config {
    return { outputDtype: this.outputDtype };
  }
}
