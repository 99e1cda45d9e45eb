/** Inner products of atoms. */
import type { Matrix } from "../../data/samples.ts";

/** `D D^T`, row-major. */
export function gramOf({ rows, columns, values }: Matrix): Float64Array {
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k <= i; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += values[i * columns + j]! * values[k * columns + j]!;
      gram[i * rows + k] = gram[k * rows + i] = sum;
    }
  }
  return gram;
}

/** The largest eigenvalue of a positive semi-definite matrix, from above within a percent: power iteration. */
export function largestEigenvalue(matrix: Float64Array, size: number): number {
  let vector: Float64Array = Float64Array.from({ length: size }, (_, i) => 1 + (i % 7) / 10);
  let value = 0;
  for (let round = 0; round < 200; round++) {
    const next = new Float64Array(size);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) next[i]! += matrix[i * size + j]! * vector[j]!;
    const length = Math.hypot(...next);
    if (length === 0) return 1;
    const before = value;
    value = length;
    vector = next.map((component) => component / length);
    if (Math.abs(value - before) < 1e-6 * value) break;
  }
  return value * 1.01;
}
