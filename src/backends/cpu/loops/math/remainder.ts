/** The exact remainder of floats. */
import {
  abs,
  add,
  and,
  bitcast,
  type Block,
  constantLike,
  div,
  eq,
  ge,
  get,
  lt,
  maskType,
  mul,
  reduceLanes,
  select,
  sub,
  trunc,
} from "../block.ts";
import type { Expr } from "../ir.ts";
import { bitsLike, bitsOf, call, copySign, split } from "./floats.ts";

/**
 * x - y trunc(x / y) without error, with the sign of x (C's fmod, StableHLO's remainder). NaN where x is infinite or y is 0.
 *
 * Multiples of |y| are subtracted whose factors have 12 significant bits, so that every product and difference is
 * exact, first of 2^240 |y| and 2^120 |y| where |y| is small enough for |x| / |y| to overflow.
 */
export function remainder(block: Block, dividend: Expr, divisor: Expr): Expr {
  if (dividend.type === "f64") return call("remainder", dividend, divisor);
  const x = block.let(dividend);
  const y = block.let(abs(divisor));
  const like = (value: number): Expr => constantLike(x, value);
  const size = block.let(abs(x));
  const isProper = block.let(and(and(lt(size, like(Infinity)), lt(y, like(Infinity))), lt(like(0), y)));
  const start = block.let(select(isProper, size, like(0)));
  const divisorOrOne = block.let(select(isProper, y, like(1)));
  const rest = block.declare("rest", start);

  const scaled = block.let(mul(divisorOrOne, like(2 ** 120)));
  const isTiny = lt(divisorOrOne, like(2 ** -120));
  const isBelowOne = lt(divisorOrOne, like(1));
  reduceBy(block, rest, block.let(select(isTiny, mul(scaled, like(2 ** 120)), like(Infinity))));
  reduceBy(block, rest, block.let(select(isBelowOne, scaled, like(Infinity))));
  reduceBy(block, rest, divisorOrOne);

  const positive = block.let(select(lt(get(rest), like(0)), add(get(rest), divisorOrOne), get(rest)));
  const proper = copySign(positive, x);
  // Not proper: x where only y is infinite, otherwise NaN.
  const isWhole = and(lt(size, like(Infinity)), eq(y, like(Infinity)));
  return block.let(select(isProper, proper, select(isWhole, x, like(NaN))));
}

/** Brings |rest| below `step` in every lane. */
function reduceBy(block: Block, rest: { readonly name: string; readonly type: Expr["type"] }, step: Expr): void {
  const isOpen = ge(abs(get(rest)), step);
  const [stepHigh, stepLow] = split(block, step);
  block.while(maskType(step.type) === "i32v" ? reduceLanes("or", isOpen) : isOpen, (body) => {
    const quotient = body.let(trunc(div(get(rest), step)));
    const factor = body.let(bitcast(step.type, and(bitsOf(quotient), bitsLike(step, 0xfffff000))));
    const first = body.let(sub(get(rest), mul(factor, stepHigh)));
    const next = body.let(sub(first, mul(factor, stepLow)));
    body.set(rest, select(ge(abs(get(rest)), step), next, get(rest)));
  });
}
