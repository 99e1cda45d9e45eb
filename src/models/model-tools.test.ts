import { expect, it } from "vitest";
import { config, Input, layers, tensor, utils } from "../index.ts";

it("getSourceInputs finds the inputs of a symbolic tensor, each once", () => {
  const [a, b] = [Input({ shape: [2] }), Input({ shape: [2] })];
  const sum = layers.add([layers.Dense({ units: 2 })(a), b, a]);
  expect(utils.getSourceInputs(sum)).toEqual([a, b]);
  expect(utils.getSourceInputs(a)).toEqual([a]);
  expect(() => utils.getSourceInputs(tensor([1]))).toThrow(/symbolic/);
  expect([utils.isKerasTensor(sum), utils.isKerasTensor(tensor([1])), utils.isKerasTensor(1)]).toEqual([true, false, false]);
});

it("clearSession starts automatic names anew", () => {
  layers.Dropout({ rate: 0.1 });
  utils.clearSession();
  expect([layers.Dropout({ rate: 0.1 }).name, layers.Dropout({ rate: 0.1 }).name]).toEqual(["dropout", "dropout_1"]);
});

it("standardizeDtype knows Keras's names", () => {
  expect([null, "int64", "float", "bool"].map(utils.standardizeDtype)).toEqual([config.floatx(), "int32", "float32", "bool"]);
  expect(() => utils.standardizeDtype("flaot32")).toThrow(/float32/);
});

it("Progbar averages what is reported, and ends at its target", () => {
  const written: string[] = [];
  const output = { write: (text: string) => void written.push(text), terminal: false };
  const bar = new utils.Progbar(3, { verbose: 2, statefulMetrics: ["lr"], output });
  bar.update(1, [["loss", 4], ["lr", 1]]); // prettier-ignore
  bar.add(2, [["loss", 1], ["lr", 0.5]]); // prettier-ignore
  bar.update(3);
  expect(written.join("")).toMatch(/^3\/3 - .* - loss: 2\.0000 - lr: 0\.5000\n$/);
  expect(() => new utils.Progbar(0)).toThrow(/number of steps/);
});
