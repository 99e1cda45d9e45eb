/** Initializers that draw nothing. */
import type { ConcreteShape, Tensor } from "../graph/index.ts";
import { zeros, ones, full, eye } from "../ops/numpy/create.ts";
import { multiply } from "../ops/numpy/arithmetic.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { ShapeError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { dtypeOf, Initializer, type InitializerDType } from "./initializer.ts";

/** All zeros. */
export class ZerosInitializer extends Initializer {
  static override readonly className: string = "Zeros";
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return zeros(shape, dtypeOf(dtype));
  }
  protected override options(): Record<string, unknown> {
    return {};
  }
}
/** All zeros. */
export const Zeros: CallableClass<typeof ZerosInitializer> = /* @__PURE__ */ callableClass(ZerosInitializer);
export type Zeros = ZerosInitializer;

/** All ones. */
export class OnesInitializer extends Initializer {
  static override readonly className: string = "Ones";
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return ones(shape, dtypeOf(dtype));
  }
  protected override options(): Record<string, unknown> {
    return {};
  }
}
/** All ones. */
export const Ones: CallableClass<typeof OnesInitializer> = /* @__PURE__ */ callableClass(OnesInitializer);
export type Ones = OnesInitializer;

/** Options of Constant. */
export interface ConstantOptions {
  /** Default 0. */
  value?: number;
}
/** One value everywhere. */
export class ConstantInitializer extends Initializer {
  static override readonly className: string = "Constant";
  readonly value: number;
  constructor(options: ConstantOptions = {}) {
    super();
    checkOptions("initializers.Constant", options, ["value"]);
    this.value = options.value ?? 0;
  }
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    return cast(full(shape, this.value), dtypeOf(dtype));
  }
  protected override options(): Record<string, unknown> {
    return { value: this.value };
  }
}
/** One value everywhere. */
export const Constant: CallableClass<typeof ConstantInitializer> = /* @__PURE__ */ callableClass(ConstantInitializer);
export type Constant = ConstantInitializer;

/** Options of Identity. */
export interface IdentityOptions {
  /** What stands on the diagonal. Default 1. */
  gain?: number;
}
/** `gain` on the diagonal of a matrix, else 0. Throws ShapeError unless there are two axes. */
export class IdentityInitializer extends Initializer {
  static override readonly className: string = "IdentityInitializer";
  readonly gain: number;
  constructor(options: IdentityOptions = {}) {
    super();
    checkOptions("initializers.Identity", options, ["gain"]);
    this.gain = options.gain ?? 1;
  }
  override call(shape: ConcreteShape, dtype?: InitializerDType): Tensor {
    if (shape.length !== 2) {
      throw new ShapeError({
        where: "initializers.Identity",
        problem: "only a matrix can be an identity",
        expected: "two axes",
        received: formatShape(shape),
      });
    }
    return multiply(eye(shape[0]!, shape[1]!, 0, dtypeOf(dtype)), this.gain);
  }
  protected override options(): Record<string, unknown> {
    return { gain: this.gain };
  }
}
/** `gain` on the diagonal of a matrix, else 0. */
export const Identity: CallableClass<typeof IdentityInitializer> = /* @__PURE__ */ callableClass(IdentityInitializer);
export type Identity = IdentityInitializer;
