/** What every public operation is wrapped in. */
import { withScope } from "../graph/index.ts";
import { hasSymbolic, symbolicCall } from "./symbolic.ts";

/**
 * Makes a public operation of `f`: errors name it, and called on symbolic tensors (anywhere in its arguments) it infers
 * shapes and records the call instead of building nodes.
 */
export function defineOp<A extends readonly unknown[], R>(name: string, f: (...args: A) => R): (...args: A) => R {
  const operation = (...args: A): R =>
    withScope(name, () => {
      for (const arg of args) {
        if (typeof arg === "object" && arg !== null && hasSymbolic(arg)) {
          return symbolicCall(operation, args, (concrete) => f(...(concrete as A)));
        }
      }
      return f(...args);
    });
  Object.defineProperty(operation, "name", { value: name });
  return operation;
}
