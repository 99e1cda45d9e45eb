import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  config,
  initializers,
  layers,
  loadModel,
  losses,
  metrics,
  ops,
  optimizers,
  random,
  saving,
  Sequential,
  setBackend,
  tensor,
} from "../index.ts";

beforeEach(() => setBackend("reference"));
afterEach(() => config.setFloatx("float32"));

const rows = Array.from({ length: 20 }, (_, i) => [Math.sin(2 * i * 1.7), Math.sin((2 * i + 1) * 1.7)].map(Math.fround));
const targets = rows.map(([a, b]) => [a! - b! / 2]);

/** A small model of the default dtype, compiled. */
function small(optimizer: string): Sequential {
  const model = new Sequential([
    layers.Dense({ units: 8, activation: "tanh", inputDim: 2, kernelInitializer: initializers.Constant({ value: 0.25 }) }),
    layers.BatchNormalization(),
    layers.Dense({ units: 1, kernelInitializer: "ones" }),
  ]);
  const made = optimizers.get(optimizer);
  made.learningRate = 0.05;
  model.compile({ optimizer: made, loss: "mse", metrics: ["mae"] });
  return model;
}

async function history(model: Sequential): Promise<{ loss: number[]; mae: number[] }> {
  const x = tensor(rows, { dtype: "float32" });
  const y = tensor(targets, { dtype: "float32" });
  const { history } = await model.fit(x, y, { batchSize: 10, epochs: 3, shuffle: false, verbose: 0 });
  return { loss: history.loss!, mae: history.mae! };
}

/** Losses of three epochs that Keras 3.4.1 prints; its Adam in bfloat16 divides by 1 - 1 and moves nothing. */
const recorded = {
  float16: { sgd: [28.953125, 0.247802734375, 0.225830078125], rmsprop: [42.75, 12.875, 6.55078125], adam: [52.5, 31.28125, 17.984375] },
  bfloat16: { sgd: [29, 0.251953125, 0.228515625], rmsprop: [42.75, 12.875, 6.59375] },
} as const;

describe.each(["float16", "bfloat16"] as const)("floatx %s", (format) => {
  beforeEach(() => config.setFloatx(format));

  it("is the dtype of weights, values, initializers, random numbers, losses and configurations", () => {
    expect(config.dtypePolicy().name).toBe(format);
    const layer = layers.Dense({ units: 2 });
    const y = layer(ops.ones([1, 3], "float32"));
    const loss = losses.MeanSquaredError()(ops.ones([2, 2], "float32"), ops.zeros([2, 2], "float32"));
    const found = [ops.ones([2]), random.uniform([2]), initializers.Zeros()([2]), y, layer.weights[0]!, loss].map(({ dtype }) => dtype);
    expect(found).toEqual(new Array<string>(6).fill(format));
    expect(metrics.Mean().getConfig()).toEqual({ name: "mean", dtype: format });
    expect(losses.meanSquaredError(ops.ones([2, 2], "float32"), ops.zeros([2, 2], "float32")).dtype).toBe("float32");
  });

  it.each(Object.entries(recorded[format]))("trains with %s to Keras's losses", async (name, wanted: readonly number[]) => {
    const model = small(name);
    const { loss, mae } = await history(model);
    wanted.forEach((value, epoch) => expect(Math.abs(loss[epoch]! - value) / value).toBeLessThan(format === "float16" ? 0.016 : 0.025));
    expect(mae.every(Number.isFinite)).toBe(true);
    const states = model.optimizer.variables.filter(({ dtype }) => dtype !== "int32");
    expect(states.length).toBeGreaterThan(0);
    expect([...states, ...model.weights].every(({ dtype }) => dtype === format)).toBe(true);
  });

  it("counts in float32 what metrics add up", async () => {
    const [mean, iou, r2] = [metrics.Mean(), metrics.MeanIoU({ numClasses: 2 }), metrics.R2Score()];
    const labels = ops.zeros([1500], "int32");
    for (let i = 0; i < 3; i++) {
      mean.updateState(ops.ones([1500]));
      iou.updateState(labels, labels);
      r2.updateState(ops.ones([1500, 1]), ops.ones([1500, 1]));
    }
    const counts = [...iou.variables, ...r2.variables].map(async (variable) => Math.max(...(await variable.read().data())));
    expect((await Promise.all(counts)).filter((count) => count === 4500).length).toBeGreaterThan(1);
    // A float16 stops at 2,048 and a bfloat16 at 256 where 1 is added.
    expect(await Promise.all(mean.variables.map((variable) => variable.read().item()))).toEqual([4500, 4500]);
  });

  it("is kept in files, whose models go on as the saved one", async () => {
    const model = small("rmsprop");
    await history(model);
    const again = await loadModel(await saving.toBytes(model));
    expect(again.weights.map(({ dtype }) => dtype)).toEqual(model.weights.map(() => format));
    const x = tensor(rows);
    const predict = async (m: Sequential): Promise<unknown> => await m(x).array();
    expect(await predict(again as Sequential)).toEqual(await predict(model));
    expect((await history(again as Sequential)).loss).toEqual((await history(model)).loss);
  });
});
