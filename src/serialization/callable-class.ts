/** Classes that are made with or without `new`, and instances that are called like functions. */

import { printsAsText } from "../graph/inspect.ts";

/** A concrete class. */
export type Class = new (...args: never[]) => object;

/** A class `C` that is also a function: `C(...args)` is `new C(...args)`. Can be extended like `C` itself. */
export type CallableClass<C extends Class> = C & (C extends new (...args: infer A) => infer R ? (...args: A) => R : never);

/**
 * Makes `cls` callable without `new`: `Adam({ learningRate: 0.1 })`. The result constructs, extends, inherits statics
 * and answers `instanceof` as the class does. Mark the call `/* @__PURE__ *\/`, so that bundlers can drop unused classes.
 *
 * @example
 * class AdamOptimizer extends Optimizer {}
 * export const Adam: CallableClass<typeof AdamOptimizer> = callableClass(AdamOptimizer);
 */
export function callableClass<C extends Class>(cls: C): CallableClass<C> {
  function construct(this: unknown, ...args: never[]): object {
    return Reflect.construct(cls, args, new.target ?? construct) as object;
  }
  Object.defineProperty(construct, "name", { value: cls.name });
  Object.defineProperty(construct, "length", { value: cls.length });
  Object.setPrototypeOf(construct, cls);
  construct.prototype = cls.prototype as object;
  return construct as typeof construct & CallableClass<C>;
}

/**
 * Base of classes whose instances are functions: `instance(...args)` is `instance.call(...args)` (through `invoke`).
 * The instance is a function whose prototype is the class's; it has no `name` and `length` of its own, so that fields of
 * these names work, and none of Function's methods. `JSON.stringify` drops functions unless they have `toJSON`: define it.
 */
export abstract class CallableInstance {
  constructor() {
    const instance: object = (...args: never[]): unknown => (instance as CallableInstance).invoke(...args);
    delete (instance as { name?: string }).name;
    delete (instance as { length?: number }).length;
    Object.setPrototypeOf(instance, new.target.prototype);
    return instance as CallableInstance;
  }

  /** What calling the instance does. */
  abstract call(...args: never[]): unknown;

  static {
    printsAsText(this.prototype);
  }

  /** What runs when the instance is called: `call`, unless a subclass puts something around it, as layers do. */
  protected invoke(...args: never[]): unknown {
    return this.call(...args);
  }
}

/**
 * What a call takes: the parameters of `call`. Of a base class, whose `call` takes `never[]` so that every subclass fits,
 * it is anything: which class an instance has is not known there, and its own checks tell what is wrong.
 */
// Only `any` lets a function of tensors stand for a function of whatever is given.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type CallArguments<P extends unknown[]> = [number, P[number]] extends [P["length"], never] ? any[] : P;

/** The call signature of an instance is that of its `call`. */
export interface CallableInstance {
  (...args: CallArguments<Parameters<this["call"]>>): ReturnType<this["call"]>;
}
