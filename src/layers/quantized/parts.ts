/**
 * What layers with quantized weights need beyond themselves. A program that quantizes nothing does not load it: importing
 * "nabla" registers it, and with "nabla/core" `registerQuantization()` of "nabla/layers" does.
 */
import { StateError } from "../../errors.ts";
import { isPlainObject } from "../../graph/index.ts";
import type { Tensor } from "../../graph/index.ts";
import type {
  AffineWeights,
  CalibratedQuantizationConfig,
  InputStatistics,
  QuantizationConfig,
  QuantizationLayerStructure,
  QuantizationMode,
} from "../../quantizers/index.ts";
import type { Layer } from "../layer.ts";
import type { DTypePolicy } from "../dtype-policy.ts";
import type { ProductForm, QuantizedProduct, QuantizedTable, TableForm, WeightMaker } from "./forms.ts";
import type { Quantizable, QuantizeModelOptions } from "./quantize-layers.ts";

/** The parts, as `registerQuantization` gives them. */
export interface QuantizationParts {
  /** The policy of a name or of Keras's JSON. */
  policyOf(where: string, identifier: unknown): DTypePolicy;
  /** Policies by path; another one elsewhere. */
  mapOf(defaultPolicy: DTypePolicy, policies: Readonly<Record<string, DTypePolicy>>): DTypePolicy;
  /** The configuration of Keras's JSON, or itself; null stays null. */
  configOf(where: string, value: unknown): QuantizationConfig | null;
  /** The configuration of a mode, or the given one, which has to fit the mode. */
  resolve(where: string, mode: unknown, config: unknown): QuantizationConfig;
  /** Throws ValueError for a class whose use of its weights nobody knows, StateError for numbers that are chosen on data. */
  checkLayer(where: string, isPlain: boolean, className: string, config: QuantizationConfig): void;
  /** Throws StateError where there are no weights yet, or `policy` says that they are quantized. */
  checkQuantizable(where: string, isBuilt: boolean, policy: string | null): void;
  /** `x K` over the last axis of x. */
  matrixForm(inputs: number, outputs: number): ProductForm;
  /** Stored weights of a product by the mode of a policy. */
  product(layer: WeightMaker, form: ProductForm, policy: DTypePolicy, config: QuantizationConfig | null): QuantizedProduct;
  /** What a calibration gathers of the inputs of a product. */
  statistics(where: string, form: ProductForm, config: CalibratedQuantizationConfig): InputStatistics;
  /** What a kernel is multiplied with, as a matrix. */
  inputMatrix(where: string, form: ProductForm, x: Tensor): Tensor;
  /** The stored form of a kernel by the statistics of its inputs. */
  calibrated(
    where: string,
    form: ProductForm,
    kernel: Tensor,
    statistics: Tensor,
    config: CalibratedQuantizationConfig,
  ): Promise<AffineWeights>;
  /** Values of a product's variables for that form. */
  calibratedValues(product: QuantizedProduct, weights: AffineWeights): readonly Tensor[];
  /** Quantizes layers on the data of a configuration. */
  calibrate(
    where: string,
    config: CalibratedQuantizationConfig,
    structure: QuantizationLayerStructure | null,
    chosen: (layer: Layer) => boolean,
  ): Promise<void>;
  /** Quantizes the layers of a model; see quantize-layers.ts. */
  quantizeLayers(model: Quantizable, mode: QuantizationMode | null, options: QuantizeModelOptions): void | Promise<void>;
  /** Stored rows of a table by the mode of a policy. */
  table(layer: WeightMaker, form: TableForm, policy: DTypePolicy, config: QuantizationConfig | null): QuantizedTable;
}

let registered: QuantizationParts | null = null;

/** Makes the parts known. */
export function provideQuantization(parts: QuantizationParts): void {
  registered = parts;
}

/** The parts. Throws StateError where nobody registered them. */
export function quantizationParts(where: string): QuantizationParts {
  if (registered !== null) return registered;
  throw new StateError({
    where,
    problem: "quantized weights are not part of this program",
    advice: 'import { registerQuantization } from "nabla/layers" and call it, or import from "nabla"',
  });
}

/** Whether a name or Keras's JSON is that of a policy with quantized weights, or of a map of policies. */
export function isQuantizedPolicy(identifier: unknown): boolean {
  if (typeof identifier === "string") return /_from_/.test(identifier);
  return isPlainObject(identifier) && typeof identifier.class_name === "string" && /^(Quantized|Int4|GPTQ|AWQ).*DTypePolicy$|^DTypePolicyMap$/.test(identifier.class_name); // prettier-ignore
}
