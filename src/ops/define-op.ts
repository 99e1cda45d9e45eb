/** What every public operation is wrapped in. */
import { currentScope, withScope } from "../graph/index.ts";
import { ValueError } from "../errors.ts";
import { describe } from "./describe-argument.ts";
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
      try {
        return f(...args);
      } catch (error) {
        throw error instanceof TypeError && !args.some((arg) => typeof arg === "function") ? wrongArguments(args, error) : error;
      }
    });
  Object.defineProperty(operation, "name", { value: name });
  return operation;
}

/** What came of arguments of kinds that an operation knows nothing of. What a user's function throws is never that. */
function wrongArguments(args: readonly unknown[], cause: TypeError): ValueError {
  const error = new ValueError({
    where: currentScope(),
    problem: "an argument is missing, or of a kind that the operation does not take",
    received: args.length === 0 ? "no argument" : args.map(describe).join(", "),
    advice: `look up what the operation takes, and in which order (${cause.message})`,
  });
  error.cause = cause;
  return error;
}
