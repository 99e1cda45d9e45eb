/**
 * The transforms of F(2x2, 3x3), Winograd's minimal filtering with the points 0, 1, -1 and infinity (Lavin and Gray 2015,
 * "Fast Algorithms for Convolutional Neural Networks", section 4.1): `Y = A^T [(G g G^T) * (B^T d B)] A`. The gradient of the
 * filter follows by transposing: `dg = G^T [(B^T d B) * (A dY A^T)] G`.
 */
import type { Expression } from "../../../../compiler/kernels/kernel-builder.ts";

/** The arithmetic that transforms need. */
export interface Arithmetic<T> {
  add(x: T, y: T): T;
  subtract(x: T, y: T): T;
  negative(x: T): T;
  half(x: T): T;
}

/** What a transform along one axis makes of the values along it. */
export type LineTransform = <T>(list: Arithmetic<T>, values: readonly T[]) => T[];

/** Adds float32 operations to an expression. */
export class ExpressionList implements Arithmetic<number> {
  readonly #expression: Expression;

  constructor(expression: Expression) {
    this.#expression = expression;
  }

  add(x: number, y: number): number {
    return this.#expression.add({ op: "scalar", f: "add", args: [x, y], dtype: "float32" });
  }

  subtract(x: number, y: number): number {
    return this.#expression.add({ op: "scalar", f: "subtract", args: [x, y], dtype: "float32" });
  }

  negative(x: number): number {
    return this.#expression.add({ op: "scalar", f: "negate", args: [x], dtype: "float32" });
  }

  half(x: number): number {
    const half = this.#expression.add({ op: "constant", value: 0.5, dtype: "float32" });
    return this.#expression.add({ op: "scalar", f: "multiply", args: [x, half], dtype: "float32" });
  }
}

/** `B^T d`: 4 values of the image. */
export const imageLine: LineTransform = (list, [d0, d1, d2, d3]) => [
  list.subtract(d0!, d2!),
  list.add(d1!, d2!),
  list.subtract(d2!, d1!),
  list.subtract(d1!, d3!),
];

/** `G g`: 3 values of the filter to 4. */
export const filterLine: LineTransform = (list, [g0, g1, g2]) => {
  const outer = list.half(list.add(g0!, g2!));
  const inner = list.half(g1!);
  return [g0!, list.add(outer, inner), list.subtract(outer, inner), g2!];
};

/** `A^T m`: 4 products to 2 results. */
export const resultLine: LineTransform = (list, [m0, m1, m2, m3]) => [
  list.add(m0!, list.add(m1!, m2!)),
  list.subtract(list.subtract(m1!, m2!), m3!),
];

/** `A y`: 2 cotangents of results to 4. */
export const cotangentLine: LineTransform = (list, [y0, y1]) => [y0!, list.add(y0!, y1!), list.subtract(y0!, y1!), list.negative(y1!)];

/** `G^T m`: 4 sums of products to 3 cotangents of the filter. */
export const filterCotangentLine: LineTransform = (list, [m0, m1, m2, m3]) => {
  const even = list.half(list.add(m1!, m2!));
  return [list.add(m0!, even), list.half(list.subtract(m1!, m2!)), list.add(even, m3!)];
};

/** The transform along both axes: first down the columns of `values` (rows of positions), then along the rows. */
export function transformBoth<T>(list: Arithmetic<T>, line: LineTransform, values: readonly (readonly T[])[]): T[][] {
  const turned = (rows: readonly (readonly T[])[]): T[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!));
  const once = turned(turned(values).map((column) => line(list, column)));
  return once.map((row) => line(list, row));
}
