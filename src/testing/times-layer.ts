/** A layer of one's own, for tests of what happens to such layers. */
import type { Tensor } from "../graph/index.ts";
import { Layer } from "../layers/index.ts";
import * as ops from "../ops/index.ts";

/** Multiplies by a number. */
export class Times extends Layer<{ factor: number }> {
  static override readonly className: string = "Times";
  readonly factor: number;

  constructor(options: { factor: number }) {
    const { factor, ...rest } = options;
    super(rest as never);
    this.factor = factor;
  }
  override call(x: Tensor): Tensor {
    return ops.multiply(x, this.factor);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}
