/**
 * Extents that depend on the extents of the inputs. A model is traced several times, with different numbers in the place
 * of each unknown extent; whatever differs between the traces is a function of these numbers, found by interpolation: a
 * sum of products of symbols with whole coefficients, checked at one more point.
 */
import { ValueError } from "../../../errors.ts";

/** An unknown extent of the inputs. */
export interface ExtentSymbol {
  readonly name: string;
  /** Which input and axis it is read from. */
  readonly input: number;
  readonly axis: number;
}

/** A number as it was in each trace. */
export type Extent = readonly number[];

/**
 * Values of a symbol in the traces: two to interpolate, one to check. Their rests by 2, 3, 4, 8, 16 and 32 differ, so that
 * what depends on them (the padding of a strided convolution) is seen.
 */
const values: readonly (readonly [number, number, number])[] = [
  [13, 18, 40],
  [29, 36, 46],
  [31, 44, 57],
];

/** Most symbols that a model may have. */
export const symbolLimit: number = values.length;

/** Per trace, the number in the place of each symbol. */
export function assignmentsOf(symbols: readonly ExtentSymbol[]): number[][] {
  const grid = Array.from({ length: 2 ** symbols.length }, (_, point) => symbols.map((_, i) => values[i]![(point >> i) & 1]!));
  return symbols.length === 0 ? [[]] : [...grid, symbols.map((_, i) => values[i]![2])];
}

/** Whether a number is the same in every trace. */
export function isStatic(extent: Extent): boolean {
  return extent.every((value) => value === extent[0]);
}

/** Whether two numbers are equal in every trace. */
export function sameExtent(a: Extent, b: Extent): boolean {
  return a.every((value, i) => value === b[i]);
}

/** One product of symbols (by position) with its coefficient. */
export interface Term {
  readonly coefficient: number;
  readonly symbols: readonly number[];
}

/** The sum of products that an extent is. Throws ValueError where it is none: rounded divisions, powers. */
export function termsOf(where: string, extent: Extent, symbols: readonly ExtentSymbol[]): Term[] {
  const coefficients = [...extent.slice(0, 2 ** symbols.length)];
  symbols.forEach((_, i) => {
    const [low, high] = values[i]!;
    for (let point = 0; point < coefficients.length; point++) {
      if ((point >> i) & 1) continue;
      const slope = (coefficients[point | (1 << i)]! - coefficients[point]!) / (high - low);
      coefficients[point | (1 << i)] = slope;
      coefficients[point]! -= slope * low;
    }
  });
  const terms = coefficients
    .map((coefficient, point): Term => ({ coefficient, symbols: symbols.map((_, i) => i).filter((i) => (point >> i) & 1) }))
    .filter(({ coefficient }) => coefficient !== 0);
  const check = terms.reduce((sum, term) => sum + term.symbols.reduce((product, i) => product * values[i]![2], term.coefficient), 0);
  if (terms.every(({ coefficient }) => Number.isInteger(coefficient)) && (symbols.length === 0 || check === extent.at(-1))) return terms;
  throw new ValueError({
    where,
    problem: `an extent depends on ${symbols.map(({ name }) => name).join(", ")} in a way that is no sum of products`,
    expected: "extents that grow evenly with the unknown extents of the inputs",
    received: `${extent.join(", ")} for ${assignmentsOf(symbols)
      .map((point) => point.join("x"))
      .join(", ")}`,
    advice: "fix the extents of the inputs: exportOnnx(model, path, { inputShapes: [[null, 224, 224, 3]] })",
  });
}
