/** Layers whose kernel can be trained through low-rank adapters (LoRA). */
import type { Constraint } from "../constraints/index.ts";
import { type Tensor, Variable } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import type { Regularizer } from "../regularizers/index.ts";
import type { Config } from "../serialization/index.ts";
import { adapterMaker } from "./adapter-maker.ts";
import { withPath } from "./call-context.ts";
import { Layer } from "./layer.ts";
import { type InitializerIdentifier, type LayerOptions, type OptionDefaults, positiveInteger } from "./layer-options.ts";
import { finiteNumber } from "./option-checks.ts";
import { assignStored, type StoredArray, storeVariables } from "./stored-variables.ts";

let keepsAdapters = false;

/** Runs `f`, in which what files hold of layers are their variables one by one: for backups, from which training goes on exactly. */
export function keepingAdapters<T>(f: () => T): T {
  keepsAdapters = true;
  try {
    return f();
  } finally {
    keepsAdapters = false;
  }
}

/** Options of layers with adapters. */
export interface AdaptableOptions extends LayerOptions {
  /** Rank of the adapters that are made when the layer is built: the kernel then stays as it is. Default: none. */
  readonly loraRank?: number | null;
  /** Weight of the adapters is `loraAlpha / loraRank`. Default: the rank. */
  readonly loraAlpha?: number | null;
}

/** Options of `enableLora`. */
export interface LoraOptions {
  readonly loraAlpha?: number | null;
  /** Default "he_uniform". */
  readonly aInitializer?: InitializerIdentifier;
  /** Default "zeros": the adapted kernel starts as the kernel. */
  readonly bInitializer?: InitializerIdentifier;
}

/** The weight that adapters change. */
export interface AdaptedWeight {
  readonly weight: Variable | undefined;
  /** Shape of the weight as floats, where the variable holds it in another form. */
  readonly shape?: readonly number[];
  readonly regularizer: Regularizer | null;
  readonly constraint: Constraint | null;
}

/**
 * A layer whose kernel W `[..., n]` becomes `W + loraAlpha / loraRank A B`, with trained A `[..., rank]` and B `[rank, n]`,
 * once `enableLora` was called; W is trained no more. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.
 */
export abstract class AdaptableLayer<Options extends AdaptableOptions> extends Layer<Options> {
  declare loraRank: number | null;
  declare loraAlpha: number | null;
  #a: Variable | null = null;
  #b: Variable | null = null;

  constructor(options: Options, defaults: OptionDefaults) {
    super(options, { ...defaults, loraRank: null, loraAlpha: null });
    if (this.loraRank !== null) positiveInteger(this.label, "loraRank", this.loraRank);
    if (this.loraAlpha !== null) finiteNumber(this.label, "loraAlpha", this.loraAlpha);
  }

  /** The weight that adapters change; its variable is undefined before the layer is built. */
  protected abstract adapted(): AdaptedWeight;

  /** Keras writes these only where there are adapters; 3.4 knows of no alpha, which is the rank. */
  override getConfig(): Config {
    const { lora_rank: rank, lora_alpha: alpha, ...config } = super.getConfig();
    if (rank === null) return config;
    return { ...config, lora_rank: rank, ...(alpha === null || alpha === rank ? {} : { lora_alpha: alpha }) };
  }

  /** Whether the kernel has adapters. */
  get loraEnabled(): boolean {
    return this.#a !== null;
  }

  /**
   * Adds adapters of a rank to the kernel, which is trained no more. Throws StateError before the layer is built, and
   * where it has adapters, ValueError where the kernel has a constraint.
   */
  enableLora(rank: number, options: LoraOptions = {}): void {
    const { weight } = this.adapted();
    const folder = weight === undefined ? "" : weight.path.slice(0, -weight.name.length - 1);
    withPath(folder === "" ? this.name : folder, () => this.#adapt(rank, options));
  }

  #adapt(rank: number, options: LoraOptions): void {
    const { a, b } = adapterMaker.get(`${this.label}.enableLora`)({
      where: `${this.label}.enableLora`,
      adapted: this.adapted(),
      isAdapted: this.loraEnabled,
      dtype: this.dtype,
      rank,
      options,
      addWeight: (weight) => this.addWeight(weight),
    });
    this.loraRank = rank;
    this.loraAlpha = options.loraAlpha ?? rank;
    this.#a = a;
    this.#b = b;
  }

  /** The variables that hold the weight, the weight itself first. */
  protected get stored(): readonly Variable[] {
    const { weight } = this.adapted();
    return weight === undefined ? [] : [weight];
  }

  /** Weights that files hold behind the first of `stored`: the bias. */
  protected get beside(): readonly Variable[] {
    return [];
  }

  /** The variables of a weight with those beside it, as files hold them. */
  protected inFileOrder<T extends Variable | Tensor>(stored: readonly T[]): (T | Variable)[] {
    return [...stored.slice(0, 1), ...this.beside, ...stored.slice(1)];
  }

  /** Values of `stored` for a weight. */
  protected encoded(weight: Tensor): readonly Tensor[] {
    return [weight];
  }

  /** What files hold, in Keras's order. The weight of a layer with adapters is written with them in it, and they are not. */
  override saveOwnVariables(store: Map<string, Variable | Tensor>): void {
    if (keepsAdapters || !this.savesApart) return super.saveOwnVariables(store);
    const values = this.loraEnabled ? this.encoded(this.mergedWeight()) : [];
    const written = this.stored.map((variable, i): Variable | Tensor => values[i] ?? variable);
    storeVariables(this.inFileOrder(written), store);
  }

  /** Takes back what `saveOwnVariables` stored; adapters then start as nothing. */
  override loadOwnVariables(store: ReadonlyMap<string, StoredArray>): void {
    if (keepsAdapters || !this.savesApart) return super.loadOwnVariables(store);
    assignStored(this.label, this.inFileOrder(this.stored), store, this.built);
    this.#b?.assign(ops.zeros(this.#b.shape, { dtype: this.#b.dtype }));
  }

  /** Whether files hold something else than the layer's variables in their order. */
  protected get savesApart(): boolean {
    return this.loraEnabled;
  }

  /** The weight with its adapters, as floats. */
  protected mergedWeight(): Tensor {
    const merged = this.adaptedKernel();
    return merged instanceof Variable ? merged.read() : merged;
  }

  /** To be called at the end of `build`: adds the adapters that the options ask for. */
  protected adaptWhereAsked(): void {
    const { weight } = this.adapted();
    if (this.loraRank === null || weight === undefined) return;
    this.#adapt(this.loraRank, { loraAlpha: this.loraAlpha });
  }

  /** The adapters A and B and their weight; null where there are none. */
  protected adapters(): { readonly a: Variable; readonly b: Variable; readonly scale: number } | null {
    const [a, b] = [this.#a, this.#b];
    return a === null || b === null ? null : { a, b, scale: this.loraAlpha! / this.loraRank! };
  }

  /** The weight without adapters, as floats. */
  protected floatWeight(): Tensor {
    return this.adapted().weight!.read();
  }

  /** The kernel with its adapters. */
  protected adaptedKernel(): Tensor | Variable {
    const kernel = this.adapted().weight!;
    const adapters = this.adapters();
    if (adapters === null) return kernel;
    return ops.add(this.floatWeight(), ops.multiply(ops.matmul(adapters.a, adapters.b), adapters.scale));
  }
}
