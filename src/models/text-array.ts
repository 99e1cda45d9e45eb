/** Texts among a model's data. */
import { fitted } from "../data/fitted.ts";
import { ValueError } from "../errors.ts";
import { isStringData, StringTensor, stringTensor, Tensor } from "../graph/index.ts";
import { describe } from "../layers/describe.ts";
import type { Match, NamedArray } from "./data-binding.ts";

/** Texts as numbers of texts, each text once. */
export function textArray(where: string, { data, expectation }: Match): NamedArray {
  if (!(data instanceof StringTensor) && !isStringData(data)) {
    throw new ValueError({
      where,
      problem: `the ${expectation.label} takes texts`,
      expected: 'arrays of texts, or tensor(["a"], { dtype: "string" })',
      received: data instanceof Tensor ? data.toString() : describe(data),
    });
  }
  const given = stringTensor(`${where}: ${expectation.label}`, data);
  const positions = new Map<string, number>();
  const numbers = Int32Array.from(given.values, (text) => {
    const known = positions.get(text);
    if (known !== undefined) return known;
    positions.set(text, positions.size);
    return positions.size - 1;
  });
  const host = fitted(where, { values: numbers, shape: given.shape, dtype: "int32" }, expectation);
  return { label: expectation.label, host, texts: [...positions.keys()] };
}
