/** A recurrent layer that looks at an encoder's output before every step. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape, Tensor, type Variable } from "../graph/index.ts";
import { maskedSoftmax } from "../layers/attention-masks.ts";
import { GRUCellLayer } from "../layers/gru-cell.ts";
import { knownExtent } from "../layers/known-extent.ts";
import type { CallOptions, InputShape } from "../layers/layer.ts";
import { type LayerOptions, positiveInteger, required } from "../layers/layer-options.ts";
import { maskOf } from "../layers/masks.ts";
import { isShape } from "../layers/structure.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";
import { TranslationLayer } from "./translation-layer.ts";

/** Options of AttentionDecoder. */
export interface AttentionDecoderOptions extends LayerOptions {
  /** Width of the state. */
  readonly units: number;
  /** Width of the small network that scores. Default: `units`. */
  readonly attentionUnits?: number | null;
}

/** Options of a call of AttentionDecoder. */
export interface AttentionDecoderCallOptions extends CallOptions {
  /** Bool `[batch, source]`: which places of the encoder's output count. Default: the mask that it carries. */
  readonly encoderMask?: Tensor | null;
  /** Whether the result is `[output, weights]`, the weights `[batch, time, source]`. Default false. */
  readonly returnAttentionScores?: boolean;
}

/** What one step of decoding is given beside its input and state. */
export interface PreparedEncoding {
  /** `[batch, source, any]`. */
  readonly encoded: Tensor;
  /** The part of the scores that does not depend on the state, `[batch, source, attentionUnits]`. */
  readonly keys: Tensor;
  /** Bool `[batch, source]`. */
  readonly mask: Tensor | null;
}

/**
 * Bahdanau's decoder: before every step the state h asks the encoder's outputs e_s, `score_s = v . tanh(W h + U e_s)`,
 * `c = sum of softmax(score)_s e_s`, and a gated recurrent unit reads the input beside c: `h' = GRU([x, c], h)`.
 * D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation by jointly learning to align and translate", 2015. All steps
 * are one loop of the program; `step` makes one of them.
 *
 * Shapes: x `[batch, time, in]`, encoded `[batch, source, k]`, initial state `[batch, units]` -> `[batch, time, units + k]`:
 * the new state beside what was looked at. Weights: those of GRUCell, query_kernel `[units, a]`, key_kernel `[k, a]`, score `[a]`.
 *
 * @example
 * const y = text.AttentionDecoder({ units: 256 })(x, encoded, state);
 */
export class AttentionDecoderLayer extends TranslationLayer<AttentionDecoderOptions> {
  static override readonly className: string = "AttentionDecoder";
  declare units: number;
  declare attentionUnits: number;
  readonly cell: GRUCellLayer;
  queryKernel!: Variable;
  keyKernel!: Variable;
  score!: Variable;

  constructor(options: AttentionDecoderOptions) {
    super(options, { units: required, attentionUnits: null });
    positiveInteger(this.label, "units", this.units);
    this.attentionUnits = positiveInteger(this.label, "attentionUnits", this.attentionUnits ?? this.units);
    this.cell = new GRUCellLayer({ name: "gru_cell", units: this.units, dtype: this.dtype, trainable: this.trainable });
    this.supportsMasking = true;
  }

  override build(inputShape: InputShape, encodedShape?: InputShape, stateShape?: InputShape): void {
    const given = isShape(inputShape) ? [inputShape, encodedShape, stateShape] : (inputShape as readonly Shape[]);
    const [x, encoded, state] = given;
    if (!isShape(x) || !isShape(encoded) || !isShape(state) || x.length !== 3 || encoded.length !== 3)
      throw new ShapeError({
        where: this.label,
        problem: "the layer is built from the shapes of its input, of the encoder's output and of the first state",
        expected: "build([batch, time, in], [batch, source, k], [batch, units])",
        received: given.map((shape) => (isShape(shape) ? formatShape(shape) : "nothing")).join(", "),
      });
    const k = knownExtent(this.label, encoded, -1);
    this.cell.build([null, knownExtent(this.label, x, -1) + k]);
    this.queryKernel = this.addWeight({ name: "query_kernel", shape: [this.units, this.attentionUnits] });
    this.keyKernel = this.addWeight({ name: "key_kernel", shape: [k, this.attentionUnits] });
    this.score = this.addWeight({ name: "score", shape: [this.attentionUnits], initializer: "glorot_uniform" });
  }

  override call(x: Tensor, encoded: Tensor, state: Tensor, options: AttentionDecoderCallOptions = {}): Tensor | [Tensor, Tensor] {
    const tensors: readonly unknown[] = [x, encoded, state];
    if (!tensors.every((part) => part instanceof Tensor) || state.rank !== 2 || state.dim(1) !== this.units)
      throw new ShapeError({
        where: this.label,
        problem: "the layer takes its input, the encoder's output and the first state",
        expected: `layer([batch, time, in], [batch, source, k], [batch, ${this.units}])`,
        received: tensors.map((part) => (part instanceof Tensor ? formatShape(part.shape) : "nothing")).join(", "),
      });
    const { encoderMask = maskOf(encoded), returnAttentionScores = false } = options;
    const prepared = this.prepare(encoded, encoderMask);
    const [, outputs] = ops.scan<Tensor, Tensor, Tensor[]>(
      (h, input) => {
        const { output, state: next, weights } = this.step(input, h, prepared);
        return [next, returnAttentionScores ? [output, weights] : [output]];
      },
      state,
      ops.transpose(x, [1, 0, 2]),
    );
    const [output, weights] = outputs.map((stack) => ops.transpose(stack, [1, 0, 2]));
    return returnAttentionScores ? [output!, weights!] : output!;
  }

  /** What of the scores is the same in every step. */
  prepare(encoded: Tensor, mask: Tensor | null): PreparedEncoding {
    return { encoded, keys: ops.matmul(encoded, this.keyKernel), mask };
  }

  /** One step of n rows, `n / batch` of them for every row of the encoder's output: x `[n, in]`, state `[n, units]`. */
  step(x: Tensor, state: Tensor, { encoded, keys, mask }: PreparedEncoding): { output: Tensor; state: Tensor; weights: Tensor } {
    const [batch, source] = [keys.dim(0), keys.dim(1)];
    const queries = ops.reshape(ops.matmul(state, this.queryKernel), [batch, -1, 1, this.attentionUnits]);
    const sum = ops.tanh(ops.add(queries, ops.expandDims(keys, 1)));
    const scores = ops.sum(ops.multiply(sum, this.score), { axis: -1 });
    const weights = maskedSoftmax(this.label, scores, mask === null ? null : ops.expandDims(mask, 1), 1);
    const context = ops.reshape(ops.matmul(weights, encoded), [x.dim(0), encoded.dim(2)]);
    const [next] = this.cell.call(ops.concatenate([x, context], { axis: -1 }), [state]);
    return { output: ops.concatenate([next, context], { axis: -1 }), state: next, weights: ops.reshape(weights, [x.dim(0), source]) };
  }

  override computeMask(_inputs: unknown, mask: unknown = null): unknown {
    return Array.isArray(mask) ? ((mask as unknown[])[0] ?? null) : mask;
  }

  override getBuildConfig(): Config | null {
    return this.buildShape === null ? null : { shapes: this.buildShape };
  }

  override buildFromConfig(config: Config): void {
    if (Array.isArray(config.shapes)) this.build(config.shapes as Shape[]);
  }
}

/** A recurrent layer that looks at an encoder's output; see {@link AttentionDecoderLayer}. */
export const AttentionDecoder: CallableClass<typeof AttentionDecoderLayer> = /* @__PURE__ */ callableClass(AttentionDecoderLayer);
export type AttentionDecoder = AttentionDecoderLayer;
