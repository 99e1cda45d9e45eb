/** Policies of layers whose weights were quantized on data. */
import { ValueError } from "../errors.ts";
import type { CalibratedMode } from "../quantizers/index.ts";
import type { Config } from "../serialization/index.ts";
import { describe } from "./layer-options.ts";
import { QuantizedDTypePolicy, type QuantizedDTypePolicyOptions } from "./quantized-dtype-policy.ts";

/** What policies of weights share that were quantized on data: `<mode>/<bits>/<group size>`. */
export abstract class CalibratedDTypePolicy extends QuantizedDTypePolicy {
  readonly weightBits: number;
  /** How many inputs share a scale; -1: all. */
  readonly groupSize: number;

  constructor(base: CalibratedMode, bits: readonly number[], mode: string, options: QuantizedDTypePolicyOptions) {
    const [name, weightBits, groupSize, more] = String(mode).split("/");
    const [width, size] = [Number(weightBits), Number(groupSize)];
    const isSize = size === -1 || (Number.isInteger(size) && size > 0);
    if (name !== base || more !== undefined || !bits.includes(width) || !isSize)
      throw new ValueError({
        where: new.target.className,
        problem: "the mode has another form",
        expected: `"${base}/<bits>/<group size>" with ${bits.join(", ")} bits and a positive size, or -1`,
        received: describe(mode),
      });
    super(base, options);
    this.weightBits = width;
    this.groupSize = size;
  }

  /** The mode with its numbers. */
  get fullMode(): string {
    return `${this.quantizationMode}/${this.weightBits}/${this.groupSize}`;
  }

  override get name(): string {
    return `${this.fullMode}_from_${this.sourceName}`;
  }

  override getConfig(): Config {
    return { mode: this.fullMode, source_name: this.sourceName };
  }
}

/** The policy of weights that GPTQ made: "gptq/4/128" has 4 bits and a scale for 128 inputs. Throws ValueError for another form. */
export class GPTQDTypePolicy extends CalibratedDTypePolicy {
  static override readonly className: string = "GPTQDTypePolicy";

  constructor(mode: string, options: QuantizedDTypePolicyOptions = {}) {
    super("gptq", [2, 3, 4, 8], mode, options);
  }
}

/** The policy of weights that AWQ made: "awq/4/128" has a scale for 128 inputs. Throws ValueError for another form. */
export class AWQDTypePolicy extends CalibratedDTypePolicy {
  static override readonly className: string = "AWQDTypePolicy";

  constructor(mode: string, options: QuantizedDTypePolicyOptions = {}) {
    super("awq", [4], mode, options);
  }
}
