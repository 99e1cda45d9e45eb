/** The signature that every generated function shares, around a body under construction. */
import { Block, get } from "./block.ts";
import type { Expr, LoopFunction, Variable } from "./ir.ts";

/** A function under construction. */
export interface FunctionFrame {
  readonly body: Block;
  /** Pointer of the parameter block. */
  readonly parameters: Expr;
  /** Units [from, to). */
  readonly from: Expr;
  readonly to: Expr;
  /** Pointer of the thread's scratch memory. */
  readonly scratch: Expr;
  /** The finished function. */
  finish(): LoopFunction;
}

/** Starts a function named `name`. */
export function functionFrame(name: string): FunctionFrame {
  const block: Variable = { name: "block", type: "ptr" };
  const from: Variable = { name: "from", type: "i32" };
  const to: Variable = { name: "to", type: "i32" };
  const scratch: Variable = { name: "scratch", type: "ptr" };
  const body = new Block();
  return {
    body,
    parameters: get(block),
    from: get(from),
    to: get(to),
    scratch: get(scratch),
    finish: () => ({ name, block, from, to, scratch, body: body.body }),
  };
}
