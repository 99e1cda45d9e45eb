/** Samples for methods that compute on the host: a matrix of features, labels, weights, all checked, in float64. */
import { ShapeError, ValueError } from "../errors.ts";
import { concreteShape, formatShape, hostValues, isHostData, sizeOf, Tensor, Variable } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";

/** Rows of numbers, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Elements in float64 with their shape. */
export interface HostNumbers {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** The elements of whatever stands for a tensor. Throws ValueError for what is none. */
export async function readNumbers(where: string, data: TensorLike): Promise<HostNumbers> {
  if (data instanceof Tensor || data instanceof Variable) {
    const tensor = data instanceof Variable ? data.read() : data;
    return { shape: concreteShape(tensor), values: Float64Array.from(tensor.node.values[tensor.index] ?? (await tensor.data())) };
  }
  const given: unknown = data;
  if (!isHostData(given))
    throw new ValueError({
      where,
      problem: "this is no tensor and no data",
      expected: "a tensor, a typed array, or nested arrays of numbers",
      received: given instanceof Promise ? "a Promise (an `await` is missing)" : given === null ? "null" : typeof given,
    });
  const { shape, values } = hostValues(where, given, { dtype: "float64" });
  return { shape, values: values instanceof Float64Array ? values : Float64Array.from(values) };
}

/**
 * Features of samples. Shapes: [n, ...] -> n rows; further axes are flattened. Throws ShapeError where there is no axis of
 * samples or the width is not `columns`, ValueError for no samples, NaN and infinities.
 */
export async function readMatrix(where: string, x: TensorLike, columns?: number): Promise<Matrix> {
  const { shape, values } = await readNumbers(where, x);
  if (shape.length < 2)
    throw new ShapeError({
      where,
      problem: "x has no axis of features",
      expected: "[samples, features]",
      received: formatShape(shape),
      advice: "a single feature is x of shape [n, 1], a single sample [1, n]",
    });
  const rows = shape[0]!;
  const width = sizeOf(shape.slice(1));
  if (rows === 0 || width === 0)
    throw new ValueError({ where, problem: "x is empty", expected: "at least one sample and one feature", received: formatShape(shape) });
  if (columns !== undefined && width !== columns)
    throw new ShapeError({
      where,
      problem: "x has another number of features than in fit",
      expected: `[n, ${columns}]`,
      received: formatShape(shape),
    });
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ValueError({
      where,
      problem: `x holds a value that is not finite, at row ${Math.floor(bad / width)}, column ${bad % width}`,
      expected: "finite numbers",
      received: String(values[bad]),
      advice: "drop such rows, or fill the gaps (with the mean of the column, say) first",
    });
  return { rows, columns: width, values };
}

/** One number per sample. Shapes: [n] or [n, 1]. Throws ShapeError for other shapes, ValueError for NaN and infinities. */
export async function readColumn(where: string, name: string, y: TensorLike, rows: number): Promise<Float64Array> {
  const { shape, values } = await readNumbers(where, y);
  if (shape[0] !== rows || values.length !== rows)
    throw new ShapeError({
      where,
      problem: `x and ${name} have different numbers of samples, or ${name} has several columns`,
      expected: `[${rows}]`,
      received: formatShape(shape),
      advice: shape.length === 2 && shape[1]! > 1 ? "one-hot rows become labels by ops.argmax(y, -1)" : `give one ${name} per row of x`,
    });
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ValueError({ where, problem: `${name}[${bad}] is not finite`, expected: "finite numbers", received: String(values[bad]) });
  return values;
}

/** Class labels: whole numbers, one per sample. Throws ValueError for fractions. */
export async function readLabels(where: string, y: TensorLike, rows: number): Promise<Int32Array> {
  const values = await readColumn(where, "y", y, rows);
  const bad = values.findIndex((value) => value !== (value | 0));
  if (bad >= 0)
    throw new ValueError({
      where,
      problem: `y[${bad}] is no class label`,
      expected: "whole numbers of 32 bits",
      received: String(values[bad]),
      advice: "number the classes; for values to be predicted use a regressor",
    });
  return Int32Array.from(values);
}

/** Rows of a matrix, by number. */
export function pickRows(matrix: Matrix, rows: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  const values = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) values.set(matrix.values.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  return { rows: rows.length, columns, values };
}
