import { describe, expect, it } from "vitest";
import { threefry2x32 } from "../../../primitives/rng-bits.ts";
import { detectRelaxedSimd } from "../wasm/detect.ts";
import { emitModule } from "../wasm/emit.ts";
import { Block, address, get, load, loadVector } from "./block.ts";
import type { LoopFunction, ValueType, Variable } from "./ir.ts";
import { type MathFunction, mathFunctions } from "./math.ts";
import { threefry } from "./math/threefry.ts";
import { errorBounds } from "./math/error-bounds.ts";
import {
  binaryFunctions,
  evaluateMath,
  evaluateMath64,
  exactFunctions,
  largestError,
  sampleFloats,
  unitsInLastPlace,
} from "./math/measure.ts";

const names = Object.keys(mathFunctions) as MathFunction[];
const special = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  0.5,
  -0.5,
  2,
  -2,
  3,
  -3,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  16777217,
  1e10,
];
const variants = [false, ...(detectRelaxedSimd() ? [true] : [])].flatMap((relaxedFma) => [
  { vector: true, relaxedFma },
  { vector: false, relaxedFma },
]);

/** All pairs for functions of two arguments. */
function specialPairs(f: MathFunction): [Float32Array, Float32Array] {
  if (!binaryFunctions.includes(f)) return [Float32Array.from(special), Float32Array.from(special)];
  return [Float32Array.from(special.flatMap((x) => special.map(() => x))), Float32Array.from(special.flatMap(() => special))];
}

/** Pairs of bit patterns, mixed so that every exponent meets every other. */
function samples(f: MathFunction): [Float32Array, Float32Array] {
  const x = sampleFloats(65537);
  if (!binaryFunctions.includes(f)) return [x, x];
  const y = x.map((_, i) => x[(i * 40503 + 12345) % x.length]!);
  return [x, y];
}

describe("math in float32", () => {
  for (const f of names) {
    it(`${f} has the special values of float64`, () => {
      const [x, y] = specialPairs(f);
      for (const variant of variants) {
        const results = evaluateMath(f, x, y, variant);
        results.forEach((result, i) => {
          const exact = exactFunctions[f](x[i]!, y[i]!);
          const error = unitsInLastPlace(result, exact);
          expect(error, `${f}(${x[i]!}, ${y[i]!}) = ${result}, exactly ${exact}`).toBeLessThanOrEqual(errorBounds[f]);
        });
      }
    });

    it(`${f} keeps its error bound over all exponents, with the same bits in scalars and vectors`, () => {
      const [x, y] = samples(f);
      for (const relaxedFma of new Set(variants.map((variant) => variant.relaxedFma))) {
        const vector = evaluateMath(f, x, y, { vector: true, relaxedFma });
        const scalar = evaluateMath(f, x, y, { vector: false, relaxedFma });
        expect(vector.every((value, i) => Object.is(value, scalar[i]))).toBe(true);
        const worst = largestError(f, x, y, vector);
        expect(worst.ulp, `at ${worst.x}, ${worst.y}`).toBeLessThanOrEqual(errorBounds[f]);
      }
    });

    it(`${f} in float64 is that of JavaScript`, () => {
      for (const [x, y] of [
        [0.3, 0.7],
        [1.25, -2],
        [-0.4, 3],
        [2.75, 0.5],
        [-0, 1],
        [NaN, 1],
        [1, NaN],
        [-1, Infinity],
        [7, 2.5],
      ] as const) {
        const exact = exactFunctions[f](x, y);
        const result = evaluateMath64(f, x, y);
        if (!Number.isFinite(exact) || exact === 0) expect(result).toBe(exact);
        else expect(Math.abs(result - exact)).toBeLessThanOrEqual(Math.abs(exact) * 1e-15);
      }
    });
  }

  it("reduces every exponent of sin, cos and tan exactly", () => {
    // Floats near multiples of pi/2, the hardest known one among them (Muller, Elementary Functions, 2nd ed., table 11.1).
    const x = Float32Array.of(16367173 * 2 ** 72, 2 ** 127, 2 ** 100, 1e22, 8192, 8193, 12867 * Math.PI, 710 / 113);
    for (const f of ["sin", "cos", "tan"] as const) {
      for (const variant of variants) expect(largestError(f, x, x, evaluateMath(f, x, x, variant)).ulp).toBeLessThanOrEqual(errorBounds[f]);
    }
  });
});

describe("threefry", () => {
  it("gives the words of the reference, scalar and vector", () => {
    const parameter = (name: string, type: ValueType): Variable => ({ name, type });
    const code: LoopFunction = {
      name: "f",
      block: parameter("block", "ptr"),
      from: parameter("from", "i32"),
      to: parameter("to", "i32"),
      scratch: parameter("scratch", "ptr"),
      body: [],
    };
    const body = new Block();
    for (const word of [0, 1] as const) {
      const vectors = [0, 1, 2, 3].map((i) => loadVector("i32", address(get(code.block), 16 * i)));
      body.store("i32", address(get(code.block), 64 + 16 * word), threefry(body, vectors, word));
      const scalars = [0, 1, 2, 3].map((i) => load("i32", address(get(code.block), 16 * i)));
      body.store("i32", address(get(code.block), 96 + 4 * word), threefry(body, scalars, word));
    }
    const memory = new WebAssembly.Memory({ initial: 1 });
    const words = new Int32Array(memory.buffer);
    const inputs = Int32Array.from({ length: 16 }, (_, i) => Math.imul(i + 1, 0x9e3779b9));
    words.set(inputs);
    const run = new WebAssembly.Instance(
      new WebAssembly.Module(emitModule([{ ...code, body: body.body }], { relaxedFma: false, sharedMemory: false })),
      { env: { memory } },
    ).exports["f"];
    if (typeof run !== "function") throw new Error("the module lacks its function");
    run(0, 0, 1, 0);
    for (let lane = 0; lane < 4; lane++) {
      const expected = threefry2x32(inputs[lane]!, inputs[4 + lane]!, inputs[8 + lane]!, inputs[12 + lane]!);
      expect([words[16 + lane], words[20 + lane]]).toEqual(expected);
      if (lane === 0) expect([words[24], words[25]]).toEqual(expected);
    }
  });
});
