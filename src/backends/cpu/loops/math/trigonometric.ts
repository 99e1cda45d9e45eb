/**
 * sin, cos and tan in float32. |x| = q pi/2 + r with |r| <= pi/4: by Cody and Waite's subtraction of q times pi/2 in
 * four parts up to `codyWaiteLimit`, beyond it lane by lane after Payne and Hanek ("Radian reduction for trigonometric
 * functions", SIGNUM Newsletter 18, 1983) with float64 products of 24-bit pieces of 2/pi. Correct for every float32.
 */
import {
  abs,
  add,
  and,
  bitcast,
  type Block,
  constant,
  constantLike,
  convert,
  div,
  eq,
  floor,
  fma,
  get,
  gt,
  i32,
  lanes,
  lt,
  maskType,
  mul,
  ne,
  nearest,
  neg,
  or,
  reduceLanes,
  select,
  shl,
  shrU,
  splat,
  sub,
} from "../block.ts";
import type { Expr, Variable } from "../ir.ts";
import { bitsLike, call, flipSign, oddTail, polynomial, signBit } from "./floats.ts";

const codyWaiteLimit = 2 ** 13;
/** pi/2 in parts of 11, 11, 11 and 24 significant bits: products with q < 2^13 of the first three are exact. */
const halfPi = [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12];
/** sin r = r + r^3 p(r^2) to 2e-10, cos r = 1 - r^2/2 + r^4 p(r^2) to 2e-10 for |r| <= pi/4. */
const sinSmall = [-0.16666667, 0.008333379, -0.00019853067, 2.8325935e-6];
const cosSmall = [0.041666646, -0.001388731, 2.4432331e-5];
/** tan r = r + r^3 p(r^2) to 2e-9 for |r| <= pi/4. */
const tanSmall = [0.3333335, 0.13332672, 0.054059457, 0.021282645, 0.010838196, 8.3038845e-5, 0.004380862];
/** Bits of 2/pi after 16 zero bits. */
const twoOverPi = [0x0000a2f9, 0x836e4e44, 0x1529fc27, 0x57d1f534, 0xddc0db62, 0x95993c43, 0x9041fe51];

/** |x| = quadrant pi/2 + rest + low; the quadrant is an integer that counts modulo 4, low is below half a unit of rest. */
interface Reduced {
  readonly quadrant: Expr;
  readonly rest: Expr;
  readonly low: Expr;
}

/** Reduction of a float that is not negative. */
function reduce(block: Block, size: Expr): Reduced {
  const turns = block.let(nearest(mul(size, constantLike(size, 2 / Math.PI))));
  const [part0, part1, part2, part3] = halfPi.map((part) => constantLike(size, -part)) as [Expr, Expr, Expr, Expr];
  const second = block.let(fma(turns, part1, fma(turns, part0, size)));
  const third = block.let(fma(turns, part2, second));
  const lost = fma(turns, part2, sub(second, third));
  const small = block.let(fma(turns, part3, lost));
  const sum = block.let(add(third, small));
  const rest = block.declare("rest", sum);
  const low = block.declare("low", add(sub(third, sum), small));
  const quadrant = block.declare("quadrant", convert(maskType(size.type), turns));
  // Infinity stays outside: its rest is already NaN.
  const isLarge = block.let(and(gt(size, constantLike(size, codyWaiteLimit)), lt(size, constantLike(size, Infinity))));
  if (size.type === "f32") {
    block.if(isLarge, (then) => {
      const exact = reduceLarge(then, bitcast("i32", size));
      then.set(rest, exact.rest);
      then.set(low, exact.low);
      then.set(quadrant, exact.quadrant);
    });
  } else {
    block.if(reduceLanes("or", isLarge), (then) => eachLane(then, size, isLarge, { rest, low, quadrant }));
  }
  return { quadrant: get(quadrant), rest: get(rest), low: get(low) };
}

function eachLane(
  block: Block,
  size: Expr,
  isLarge: Expr,
  out: { readonly rest: Variable; readonly low: Variable; readonly quadrant: Variable },
): void {
  const bits = block.let(bitcast("i32v", size));
  block.for("lane", i32(0), add(reduceLanes("max", lanes()), i32(1)), 1, (body, lane) => {
    const here = body.let(and(eq(lanes(), splat(lane)), isLarge));
    const laneBits = body.let(reduceLanes("or", and(bits, here)));
    body.if(ne(laneBits, i32(0)), (then) => {
      const exact = reduceLarge(then, laneBits);
      then.set(out.rest, select(here, splat(exact.rest), get(out.rest)));
      then.set(out.low, select(here, splat(exact.low), get(out.low)));
      then.set(out.quadrant, select(here, splat(exact.quadrant), get(out.quadrant)));
    });
  });
}

/** Payne and Hanek for one float above `codyWaiteLimit`, given by its bits. */
function reduceLarge(block: Block, bits: Expr): Reduced {
  const mantissa = convert("f64", or(and(bits, i32(0x7fffff)), i32(0x800000)));
  const m = block.let(mantissa);
  // x = m 2^e. Bits of 2/pi whose product with 2^e is 4 or more are whole turns; the first one below stands at `start`.
  const e = sub(and(shrU(bits, i32(23)), i32(0xff)), i32(150));
  const start = block.let(add(e, i32(14)));
  const word = block.let(shrU(start, i32(5)));
  const shift = block.let(and(start, i32(31)));
  const words = [0, 1, 2, 3].map((k) => {
    let chosen = i32(twoOverPi[k + 3]!);
    for (let w = 2; w >= 0; w--) chosen = select(eq(word, i32(w)), i32(twoOverPi[k + w]!), chosen);
    return block.let(chosen);
  });
  const [h0, h1, h2] = [0, 1, 2].map((k) => {
    const upper = shl(words[k]!, shift);
    return block.let(or(upper, shrU(shrU(words[k + 1]!, i32(1)), sub(i32(31), shift))));
  }) as [Expr, Expr, Expr];
  const pieces = [
    shrU(h0, i32(8)),
    or(shl(and(h0, i32(0xff)), i32(16)), shrU(h1, i32(16))),
    or(shl(and(h1, i32(0xffff)), i32(8)), shrU(h2, i32(24))),
    and(h2, i32(0xffffff)),
  ];
  const products = pieces.map((piece, i) => block.let(mul(mul(m, convert("f64", piece)), constant("f64", 2 ** (-22 - 24 * i)))));
  // Modulo 4, exactly.
  const first = block.let(sub(products[0]!, mul(constant("f64", 4), floor(mul(products[0]!, constant("f64", 0.25))))));
  const turns = block.let(nearest(add(first, products[1]!)));
  const turned = add(add(add(sub(first, turns), products[1]!), products[2]!), products[3]!);
  const angle = block.let(mul(turned, constant("f64", Math.PI / 2)));
  const rest = block.let(convert("f32", angle));
  return {
    quadrant: block.let(convert("i32", turns)),
    rest,
    low: block.let(convert("f32", sub(angle, convert("f64", rest)))),
  };
}

function sinOfRest(block: Block, { rest, low }: Reduced): Expr {
  return add(rest, add(oddTail(block, rest, sinSmall), low));
}

function cosOfRest(block: Block, { rest, low }: Reduced): Expr {
  const square = block.let(mul(rest, rest));
  const tail = fma(mul(square, square), polynomial(square, cosSmall), mul(rest, neg(low)));
  return add(fma(constantLike(rest, -0.5), square, constantLike(rest, 1)), tail);
}

/** sin of rest + quadrant pi/2. */
function quadrantSin(block: Block, reduced: Reduced): Expr {
  const { quadrant, rest } = reduced;
  const isOdd = ne(and(quadrant, bitsLike(rest, 1)), bitsLike(rest, 0));
  const value = select(isOdd, cosOfRest(block, reduced), sinOfRest(block, reduced));
  return flipSign(value, shl(and(quadrant, bitsLike(rest, 2)), i32(30)));
}

/** Sine. */
export function sin(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("sin", value);
  const x = block.let(value);
  return block.let(flipSign(quadrantSin(block, reduce(block, block.let(abs(x)))), signBit(x)));
}

/** Cosine, the sine one quadrant on. */
export function cos(block: Block, x: Expr): Expr {
  if (x.type === "f64") return call("cos", x);
  const reduced = reduce(block, block.let(abs(x)));
  return block.let(quadrantSin(block, { ...reduced, quadrant: block.let(add(reduced.quadrant, bitsLike(reduced.rest, 1))) }));
}

/** Tangent: that of the rest, or -1 / tan in odd quadrants. */
export function tan(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("tan", value);
  const x = block.let(value);
  const { quadrant, rest, low } = reduce(block, block.let(abs(x)));
  const tangent = block.let(add(rest, add(oddTail(block, rest, tanSmall), fma(mul(rest, rest), low, low))));
  const isOdd = ne(and(quadrant, bitsLike(rest, 1)), bitsLike(rest, 0));
  return block.let(flipSign(select(isOdd, div(constantLike(x, -1), tangent), tangent), signBit(x)));
}
