import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../backends/reference/index.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { clip, relu, relu6, segmentMax } from "../ops/index.ts";
import {
  abs, ceil, cumulativeMax, floor, greater, log, maximum, minimum, power, reduceMax, reduceMin, reduceProd, round, select, sign, slice, sort, sqrt, windowArgmax,
  windowGather, zerosLike,
} from "../primitives/index.ts"; // prettier-ignore

const pool = { window: [3], strides: [1], padding: [[0, 0]] } as const;

/** What each row of the table differentiates. Functions of two scalars get two operands, all others one vector. */
const functions: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  "abs(x)": abs,
  "maximum(x, y)": maximum,
  "minimum(x, y)": minimum,
  "reduceMax(x)": (x) => reduceMax(x, [0]),
  "reduceMin(x)": (x) => reduceMin(x, [0]),
  "reduceProd(x)": (x) => reduceProd(x, [0]),
  "cumulativeMax(x)": (x) => cumulativeMax(x, 0, false),
  "relu(x)": (x) => relu(x),
  "relu6(x)": (x) => relu6(x),
  "clip(x, -1, 1)": (x) => clip(x, -1, 1),
  "max pooling": (x) => windowGather(x, windowArgmax(x, pool), pool),
  "sort(x)[0]": (x) => slice(sort(x, 0).values, [0], [1]),
  "segmentMax(x)": (x) => segmentMax(x, Int32Array.of(0, 0, 0), 1),
  "sign(x)": sign,
  "floor(x)": floor,
  "ceil(x)": ceil,
  "round(x)": round,
  "sqrt(x)": sqrt,
  "power(x, y)": power,
  "select(x > 0, log(x), 0)": (x) => select(greater(x, zerosLike(x)), log(x), zerosLike(x)),
};

const text = readFileSync(new URL("../../docs/subgradients.md", import.meta.url), "utf8");
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()).slice(1, -1) as [string, string, string, string]); // prettier-ignore

const numbersIn = (cell: string): number[] => cell.replace(/[[\]]/g, "").split(",").map(Number);

describe("docs/subgradients.md", () => {
  it("has a row for every function, and a function for every row", () => {
    expect(new Set(rows.map(([operation]) => operation.replaceAll("`", "")))).toEqual(new Set(Object.keys(functions)));
  });

  it.each(rows)("%s at %s has the gradient %s", (operation, at, gradient) => {
    const f = functions[operation.replaceAll("`", "")]!;
    const numbers = numbersIn(at);
    const isBinary = operation.includes("(x, y)");
    const points = isBinary ? numbers.map((value) => [value]) : [numbers];
    const xs = points.map((values) => dataTensor(Float64Array.from(values), [values.length], "float64"));
    const found = gradients(f(xs[0]!, xs[1]!), xs);
    expect(evaluate(found).flatMap((array) => Array.from(array.data, (value) => value + 0))).toEqual(numbersIn(gradient));
  });
});
