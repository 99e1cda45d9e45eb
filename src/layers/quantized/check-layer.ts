/** Whether the weights of a layer can be quantized. */
import { StateError, ValueError } from "../../errors.ts";
import type { QuantizationConfig } from "../../quantizers/index.ts";

/** See QuantizationParts. */
export function checkLayer(where: string, isPlain: boolean, className: string, config: QuantizationConfig): void {
  if (!isPlain) {
    throw new ValueError({
      where,
      problem: "a class of one's own may use its weights in another way",
      expected: "a layer of a built-in class",
      received: className,
      advice: "pass { typeCheck: false } where it leaves the product to its base class",
    });
  }
  if (config.mode === "gptq" || config.mode === "awq") {
    throw new StateError({
      where,
      problem: "these numbers are chosen on data that run through a model",
      expected: "a layer of a model",
      received: `mode "${config.mode}"`,
      advice: `await model.quantize("${config.mode}", { config })`,
    });
  }
}

/** See QuantizationParts. */
export function checkQuantizable(where: string, isBuilt: boolean, policy: string | null): void {
  if (!isBuilt) {
    throw new StateError({
      where,
      problem: "the layer has no weights to quantize yet",
      advice: "build it first: build(inputShape), or call it once; or give the option dtype",
    });
  }
  if (policy !== null) {
    throw new StateError({
      where,
      problem: "the weights are quantized",
      expected: "one call of quantize per layer",
      received: policy,
    });
  }
}
