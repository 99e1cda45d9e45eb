/** Cells on top of each other, as one cell. */
import { ValueError } from "../errors.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, optionsOfConfig, type Config, type CustomObjects } from "../serialization/index.ts";
import { withPath } from "./call-context.ts";
import { type CallOptions, type InputShape, Layer } from "./layer.ts";
import { describe, type LayerOptions, required } from "./layer-options.ts";
import { deserialize, serialize } from "./registry.ts";
import { checkCell, fittedStates, initialStateOf, outputSizeOf, type RecurrentCell, type States, type StateSize } from "./rnn-cell.ts";
import { flattenStructure, isShape, type Structure } from "./structure.ts";

/** Options of StackedRNNCells. */
export interface StackedRNNCellsOptions extends LayerOptions {
  /** From the one that sees the inputs to the one that gives the output. */
  readonly cells: readonly Layer[];
}

/**
 * Each cell takes the output of the one before; the states are one list per cell.
 *
 * Shapes: x `[batch, in]`, states `[[state, ...], ...]` -> `[output of the last cell, states]`.
 *
 * @example
 * const cell = layers.StackedRNNCells({ cells: [layers.LSTMCell({ units: 32 }), layers.GRUCell({ units: 16 })] });
 */
export class StackedRNNCellsLayer extends Layer<StackedRNNCellsOptions> {
  static override readonly className: string = "StackedRNNCells";
  static override readonly defaultTraining = false;
  declare cells: readonly RecurrentCell[];

  constructor(options: StackedRNNCellsOptions) {
    super(options, { cells: required });
    if (!Array.isArray(this.cells) || this.cells.length === 0) {
      throw new ValueError({
        where: this.label,
        problem: "cells is a list of cells",
        expected: "[layers.LSTMCell({ units: 32 }), ...], at least one",
        received: describe(this.cells),
      });
    }
    for (const cell of this.cells) checkCell(this.label, cell);
    this.inputSpec = { minRank: 2 };
  }

  get stateSize(): readonly StateSize[] {
    return this.cells.map((cell) => cell.stateSize);
  }

  get outputSize(): number {
    return outputSizeOf(this.cells.at(-1)!);
  }

  get outputState(): number | null {
    const own = this.cells.at(-1)!.outputState;
    if (own === undefined || own === null) return null;
    return flattenStructure(this.stateSize.slice(0, -1)).length + own;
  }

  getInitialState(batchSize: number): readonly States[] {
    return this.cells.map((cell) => initialStateOf(cell, batchSize));
  }

  beginSequence(inputs: Tensor, states: States, training: boolean): void {
    let from = inputs;
    this.cells.forEach((cell, i) => {
      const own = (states as readonly States[])[i]!;
      cell.beginSequence?.(from, own, training);
      // Only the shape of what the next cell sees matters here.
      const state = flattenStructure(own)[0] as Tensor;
      from = state.rank === 2 ? ops.zeros([state.dim(0), outputSizeOf(cell)], { dtype: state.dtype }) : state;
    });
  }

  endSequence(): void {
    for (const cell of this.cells) cell.endSequence?.();
  }

  override build(inputShape: Shape): void {
    let shape = inputShape;
    for (const cell of this.cells) {
      if (!cell.built) cell.build(shape);
      shape = [inputShape[0] ?? null, outputSizeOf(cell)];
    }
    this.inputSpec = this.cells[0]!.inputSpec;
  }

  override call(x: Tensor, states: States, { training }: CallOptions = {}): [Tensor, States] {
    const like = initialStateOf(this, x.dim(0));
    const given = fittedStates(this.label, "states", states, like);
    let output = x;
    const next = this.cells.map((cell, i): States => {
      const [y, after] = cell(output, given[i]!, training === undefined ? {} : { training }) as [Tensor, States];
      output = y;
      return after;
    });
    return [output, next];
  }

  override computeOutputShape(inputShape: InputShape): Structure<Shape> {
    const shape = isShape(inputShape) ? inputShape : (inputShape as readonly Shape[])[0]!;
    if (!this.built) this.build(shape);
    return [shape[0] ?? null, this.outputSize];
  }

  override getBuildConfig(): Config | null {
    const shape = this.buildShape;
    if (shape === null) return null;
    return { input_shape: isShape(shape) ? shape : (shape as readonly Shape[])[0]! };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cells: this.cells.map((cell) => serialize(cell as unknown as Layer)) };
  }

  /** A stack made from a configuration. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    const cells = withPath(String(config.name), () =>
      (Array.isArray(config.cells) ? (config.cells as object[]) : []).map((cell) => deserialize(cell, customObjects)),
    );
    return new this({ ...optionsOfConfig(config), cells } as never);
  }
}

/** Cells on top of each other, as one cell; see {@link StackedRNNCellsLayer}. */
export const StackedRNNCells: CallableClass<typeof StackedRNNCellsLayer> = /* @__PURE__ */ callableClass(StackedRNNCellsLayer);
export type StackedRNNCells = StackedRNNCellsLayer;
