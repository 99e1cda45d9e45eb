import { describe, expect, it } from "vitest";
import { constraints, errors, initializers, losses, ops, optimizers, tensor, Variable } from "../index.ts";

const [x, nothing] = [tensor([[1, 2, 3], [4, 5, 6]]), null as never]; // prettier-ignore

describe("what is no option, axis, shape or list of gradients is refused with where and what to write", () => {
  const v = new Variable([1, 2, 3], { name: "v" });
  const cases: [string, () => unknown, RegExp][] = [
    ["options that are null", () => losses.Huber(nothing), /huber_loss[^]*options are one object[^]*delta/],
    ["options that are a text", () => optimizers.Adam("fast" as never), /options are one object[^]*"fast"/],
    ["options of a call of a loss", () => losses.MeanSquaredError()(x, x, 3 as never), /mean_squared_error[^]*sampleWeight/],
    ["an axis that is a text", () => ops.sum(x, "last" as never), /sum: an axis is a whole number[^]*"last"/],
    ["an axis of a constraint", () => constraints.UnitNorm({ axis: "last" as never })(x), /an axis is a whole number/],
    ["a shape that is a tensor", () => initializers.GlorotUniform()(x as never), /GlorotUniform: the shape[^]*\[3, 3, 16, 32\]/],
    ["a shape with halves", () => initializers.Zeros()([2, 1.5]), /Zeros: the shape[^]*\[2,1.5\]/],
    [
      "one gradient that is no list",
      () => optimizers.SGD().apply(x as never, [v]),
      /optimizer "SGD": gradients and variables are two lists/,
    ],
    ["variables that are tensors", () => optimizers.SGD().apply([x], [x as never]), /new Variable/],
    ["steps without boundaries", () => optimizers.schedules.PiecewiseConstantDecay({} as never), /boundaries and values are lists/],
    ["nothing to serialize", () => losses.serialize(nothing), /keras\.losses\.serialize[^]*null/],
  ];
  it.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(errors.NablaError);
    expect(run).toThrow(message);
  });

  it("gradients may be nested numbers, as all tensors may", async () => {
    const w = new Variable([1, 2], { name: "w" });
    optimizers.SGD({ learningRate: 1 }).apply([[1, 1]], [w]);
    expect(Array.from(await w.data())).toEqual([0, 1]);
  });
});
