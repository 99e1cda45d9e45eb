/** Measures the error of the functions of this folder, for the test and for scripts/math-accuracy.ts. */
import "../complete.ts";
import { emitModule } from "../../wasm/emit.ts";
import { mathImports } from "../../wasm/emitted-functions.ts";
import { address, advance, Block, constant, get, load, loadPtr, loadVector } from "../block.ts";
import type { LoopFunction, ValueType, Variable } from "../ir.ts";
import { type MathFunction, mathFunctions } from "../math.ts";

type GeneratedFunction = (block: number, from: number, to: number, scratch: number) => void;

/** How a function is computed. */
export interface Variant {
  readonly vector: boolean;
  readonly relaxedFma: boolean;
}

/** A function that computes f of pairs [from, to): x, y and the results in slots 0 to 2. With lanes: in vectors. */
export function mathLoop(f: MathFunction, lanes: number): LoopFunction {
  const parameter = (name: string, type: ValueType): Variable => ({ name, type });
  const code: LoopFunction = {
    name: f,
    block: parameter("block", "ptr"),
    from: parameter("from", "i32"),
    to: parameter("to", "i32"),
    scratch: parameter("scratch", "ptr"),
    body: [],
  };
  const body = new Block();
  const pointers = [0, 1, 2].map((slot) => body.let(loadPtr(get(code.block), slot)));
  body.for("i", get(code.from), get(code.to), lanes, (inner, i) => {
    const at = (slot: number): ReturnType<typeof address> => address(advance(pointers[slot]!, i, 4));
    const read = (slot: number): ReturnType<typeof load> => (lanes > 1 ? loadVector("f32", at(slot)) : load("f32", at(slot)));
    inner.store("f32", at(2), mathFunctions[f](inner, read(0), read(1)));
  });
  return { ...code, body: body.body };
}

/** f of every pair (x[i], y[i]), by generated WebAssembly. Lengths must be equal multiples of 4. */
export function evaluateMath(f: MathFunction, x: Float32Array, y: Float32Array, variant: Variant): Float32Array<ArrayBuffer> {
  const code = mathLoop(f, variant.vector ? 4 : 1);
  const start = 65536;
  const bytes = x.byteLength;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((start + 3 * bytes) / 65536) });
  new Int32Array(memory.buffer).set([start, 0, start + bytes, 0, start + 2 * bytes, 0]);
  new Float32Array(memory.buffer, start, x.length).set(x);
  new Float32Array(memory.buffer, start + bytes, y.length).set(y);
  const module = new WebAssembly.Module(emitModule([code], { relaxedFma: variant.relaxedFma, sharedMemory: false }));
  const run = new WebAssembly.Instance(module, { env: { memory }, math: mathImports }).exports[f];
  (run as GeneratedFunction)(0, 0, x.length, 0);
  return new Float32Array(memory.buffer, start + 2 * bytes, x.length).slice();
}

/** f(x, y) in float64, by generated WebAssembly. */
export function evaluateMath64(f: MathFunction, x: number, y: number): number {
  const parameter = (name: string, type: ValueType): Variable => ({ name, type });
  const code: LoopFunction = {
    name: f,
    block: parameter("block", "ptr"),
    from: parameter("from", "i32"),
    to: parameter("to", "i32"),
    scratch: parameter("scratch", "ptr"),
    body: [],
  };
  const body = new Block();
  body.store("f64", address(get(code.block)), mathFunctions[f](body, constant("f64", x), constant("f64", y)));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(emitModule([{ ...code, body: body.body }], { relaxedFma: false, sharedMemory: false }));
  const run = new WebAssembly.Instance(module, { env: { memory }, math: mathImports }).exports[f];
  (run as GeneratedFunction)(64, 0, 1, 0);
  return new DataView(memory.buffer).getFloat64(64, true);
}

/** Distance of a float32 result from the exact value, in units in the last place of the exact value's float32 binade. */
export function unitsInLastPlace(result: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Object.is(result, rounded) || (Number.isNaN(result) && Number.isNaN(exact)))
    return Number.isFinite(rounded) ? Math.abs(result - exact) / unit(exact) : 0;
  if (result === rounded) return Infinity; // 0 of the wrong sign
  if (!Number.isFinite(result) || !Number.isFinite(rounded)) {
    // Rounding to Infinity one unit early or late.
    return Math.abs(Math.min(Math.abs(result), 2 ** 128) - Math.min(Math.abs(exact), 2 ** 128)) / 2 ** 104 || Infinity;
  }
  return Math.abs(result - exact) / unit(exact);
}

function unit(exact: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(exact))));
  return 2 ** (Math.max(-126, exponent) - 23);
}

/** erf in float64: series below 3, continued fraction of erfc beyond (Abramowitz and Stegun 7.1.6, 7.1.14). */
export function erf64(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0)) return x;
  if (size > 6) return Math.sign(x);
  const factor = (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size);
  if (size < 3) {
    let sum = 1;
    for (let n = 70; n >= 1; n--) sum = 1 + ((2 * size * size) / (2 * n + 1)) * sum;
    return Math.sign(x) * factor * size * sum;
  }
  let fraction = size;
  for (let n = 80; n >= 1; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - factor / 2 / fraction);
}

/** The functions in float64, of float32 arguments. */
export const exactFunctions: Readonly<Record<MathFunction, (x: number, y: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  erf: erf64,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  power: (x, y) => (x === 1 || (Math.abs(x) === 1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y)),
  atan2: Math.atan2,
  remainder: (x, y) => x % y,
};

/** Functions of two arguments. */
export const binaryFunctions: readonly MathFunction[] = ["power", "atan2", "remainder"];

/** Every `stride`-th float32 bit pattern, from the first on. */
export function sampleFloats(stride: number): Float32Array<ArrayBuffer> {
  const count = Math.floor(2 ** 32 / stride / 4) * 4;
  const bits = new Uint32Array(count);
  for (let i = 0; i < count; i++) bits[i] = i * stride;
  return new Float32Array(bits.buffer);
}

/** Largest error of `f` over samples, and where. */
export function largestError(
  f: MathFunction,
  x: Float32Array,
  y: Float32Array,
  results: Float32Array,
): { ulp: number; x: number; y: number } {
  const exact = exactFunctions[f];
  let worst = { ulp: 0, x: 0, y: 0 };
  for (let i = 0; i < x.length; i++) {
    const ulp = unitsInLastPlace(results[i]!, exact(x[i]!, y[i]!));
    if (ulp > worst.ulp) worst = { ulp, x: x[i]!, y: y[i]! };
  }
  return worst;
}
