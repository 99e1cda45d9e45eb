/** A recurrent layer of any cell. */
import { ValueError } from "../errors.ts";
import { callableClass, optionsOfConfig, type Config, type CustomObjects, isSerialized } from "../serialization/index.ts";
import type { RecurrentClass } from "./call-types.ts";
import { withPath } from "./call-context.ts";
import type { Layer } from "./layer.ts";
import { required } from "./layer-options.ts";
import { deserialize, serialize } from "./registry.ts";
import { checkCell, type RecurrentCell, type States } from "./rnn-cell.ts";
import { RecurrentLayer, type RecurrentOptions } from "./recurrent-layer.ts";
import { StackedRNNCellsLayer } from "./stacked-rnn-cells.ts";

/** Options of RNN. */
export interface RNNOptions extends RecurrentOptions {
  /** What makes one step; a list of cells is a stack. */
  readonly cell: Layer | readonly Layer[];
}

/**
 * Applies a cell to every time step: `[output, states] = cell(x[:, t], states)`. The cell is a SimpleRNNCell, LSTMCell,
 * GRUCell, a stack of cells, or a layer of your own that has a `stateSize` and takes `(inputs, states)`.
 *
 * Shapes: x `[batch, steps, ...]` -> `[batch, units]`, or `[batch, steps, units]` where `returnSequences`; with `returnState`
 * a list `[output, ...states]`.
 *
 * @example
 * const y = layers.RNN({ cell: [layers.LSTMCell({ units: 32 }), layers.GRUCell({ units: 16 })] })(x);
 */
export class RNNLayer extends RecurrentLayer<RNNOptions> {
  static override readonly className: string = "RNN";
  declare cell: RecurrentCell;

  constructor(options: RNNOptions) {
    super(options, { cell: required });
    const given = (this as { cell: unknown }).cell;
    if (Array.isArray(given) && given.length === 0) {
      throw new ValueError({ where: this.label, problem: "cell is an empty list", expected: "a cell, or a list of them", received: "[]" });
    }
    if (Array.isArray(given)) for (const cell of given as unknown[]) checkCell(this.label, cell);
    const cell: unknown = Array.isArray(given) ? new StackedRNNCellsLayer({ cells: given as Layer[] }) : given;
    checkCell(this.label, cell);
    this.cell = cell;
  }

  protected override get writesActivityRegularizer(): boolean {
    return false;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), cell: serialize(this.cell) };
  }

  /** A layer made from a configuration. */
  static override fromConfig<L>(this: new (options: never) => L, config: Config, customObjects: CustomObjects = {}): L {
    const { cell, ...rest } = config;
    const made = isSerialized(cell) ? withPath(String(config.name), () => deserialize(cell, customObjects)) : cell;
    return new this({ ...optionsOfConfig(rest), cell: made } as never);
  }
}

/** A recurrent layer of any cell; see {@link RNNLayer}. */
export const RNN: RecurrentClass<typeof RNNLayer, RNNOptions, States> = /* @__PURE__ */ callableClass(RNNLayer) as never;
export type RNN = RNNLayer;
