/** The squashing function of LeNet-5. */
import type { Tensor } from "../graph/index.ts";
import { Layer } from "../layers/layer.ts";
import type { LayerOptions } from "../layers/layer-options.ts";
import * as ops from "../ops/index.ts";
import { callableClass, type CallableClass, type Config } from "../serialization/index.ts";

/** `y = 1.7159 tanh(2 x / 3)`: f(1) = 1, f(-1) = -1. LeCun and others, 1998, appendix A. Shapes: any -> the same. */
export class ScaledTanhLayer extends Layer {
  static override readonly className: string = "ScaledTanh";

  constructor(options: LayerOptions = {}) {
    super(options, {});
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return ops.multiply(ops.tanh(ops.multiply(x, 2 / 3)), 1.7159);
  }

  override toJSON(): Config {
    return { ...super.toJSON(), module: "nabla.applications", registered_name: "nabla>ScaledTanh" };
  }
}

/** The squashing function of LeNet-5; see {@link ScaledTanhLayer}. */
export const ScaledTanh: CallableClass<typeof ScaledTanhLayer> = /* @__PURE__ */ callableClass(ScaledTanhLayer);
export type ScaledTanh = ScaledTanhLayer;
