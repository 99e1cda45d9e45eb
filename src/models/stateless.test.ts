/** Calls without state: what loops in JAX's manner are made of. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  Input,
  jit,
  layers,
  losses,
  metrics,
  Model,
  optimizers,
  ops,
  Sequential,
  setBackend,
  type Tensor,
  tensor,
  type TensorLike,
  valueAndGrad,
  type Variable,
} from "../index.ts";

beforeAll(async () => {
  await setBackend("wasm");
});

const x = tensor([[1, 2], [3, 4], [5, 6], [7, 9]]); // prettier-ignore
const y = tensor([[1], [0], [1], [0]]);

function network(): Sequential {
  const parts = [
    Input({ shape: [2] }),
    layers.Dense({ units: 3, kernelInitializer: "ones", name: "hidden" }),
    layers.BatchNormalization({ name: "norm" }),
    layers.Dense({ units: 1, kernelInitializer: "ones", kernelRegularizer: "l2", name: "head" }),
  ];
  return new Sequential(parts, { name: "net" });
}
const arrays = async (tensors: readonly (Tensor | Variable)[]): Promise<unknown[]> =>
  await Promise.all(tensors.map(async (t) => [...(await t.data())]));

describe("stateless calls", () => {
  it("train as fit does, and change nothing themselves", async () => {
    const lossFn = losses.MeanSquaredError();
    const model = network();
    const optimizer = optimizers.Adam({ learningRate: 0.1 });
    optimizer.build(model.trainableVariables);
    const before = await arrays(model.variables);
    const differentiate = valueAndGrad(
      (tv: readonly TensorLike[], ntv: readonly TensorLike[], bx: Tensor, by: Tensor) => {
        const [yPred, next, added] = model.statelessCall(tv, ntv, bx, { training: true, returnLosses: true });
        return [added.reduce((total, loss) => ops.add(total, loss), lossFn(by, yPred)), next] as const;
      },
      { hasAux: true },
    );
    type State = readonly [trainable: readonly TensorLike[], other: readonly TensorLike[], optimizer: readonly TensorLike[]];
    const step = jit(([tv, ntv, ov]: State, bx: Tensor, by: Tensor): [Tensor, [Tensor[], Tensor[], Tensor[]]] => {
      const [[loss, nextNtv], slopes] = differentiate(tv, ntv, bx, by);
      const [nextTv, nextOv] = optimizer.statelessApply(ov, slopes, tv);
      return [loss, [nextTv, nextNtv, nextOv]];
    });
    let state: State = [model.trainableVariables, model.nonTrainableVariables, optimizer.variables];
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      const [loss, next] = step(state, x, y);
      seen.push(await loss.item());
      state = next;
    }
    expect(await arrays(model.variables)).toEqual(before);
    model.trainableVariables.forEach((variable, i) => variable.assign(state[0][i]!));
    model.nonTrainableVariables.forEach((variable, i) => variable.assign(state[1][i]!));

    const fitted = network();
    fitted.compile({ optimizer: optimizers.Adam({ learningRate: 0.1 }), loss: "mse" });
    const { history } = await fitted.fit(x, y, { epochs: 3, batchSize: 4, shuffle: false, verbose: 0 });
    seen.forEach((loss, i) => expect(loss).toBeCloseTo(history.loss![i]!, 5));
    const [own, theirs] = [await arrays(model.weights), await arrays(fitted.weights)];
    own.flat().forEach((value, i) => expect(value).toBeCloseTo(theirs.flat()[i] as number, 4));
  });

  it("of metrics take and give their variables", async () => {
    const metric = metrics.BinaryAccuracy();
    let state = metric.statelessResetState();
    state = metric.statelessUpdateState(state, y, tensor([[0.9], [0.2], [0.1], [0.7]]));
    state = metric.statelessUpdateState(state, y, tensor([[0.9], [0.2], [0.9], [0.2]]), { sampleWeight: [2, 2, 2, 2] });
    expect(await metric.statelessResult(state).item()).toBeCloseTo(10 / 12, 6);
    expect(await metric.result().item()).toBe(0);
  });

  it("of losses give the state of a step", async () => {
    const model = network();
    model.compile({ loss: "mse" });
    const [loss, [tv, ntv, mv]] = model.statelessComputeLoss(
      model.trainableVariables,
      model.nonTrainableVariables,
      model.metricsVariables,
      { x, y },
    );
    expect([tv.length, ntv.length, mv.length]).toEqual([6, 2, 2]);
    expect(await arrays(ntv)).not.toEqual(await arrays(model.nonTrainableVariables));
    const [same] = model.statelessComputeLoss(tv, model.nonTrainableVariables, mv, { x, y });
    expect(await same.item()).toBe(await loss.item());
  });

  it("refuse values that do not fit", () => {
    const model = network();
    const ntv = model.nonTrainableVariables;
    expect(() => model.statelessCall([], ntv, x)).toThrow(/trainableVariables are one value per variable[^]*hidden\/kernel/);
    const wrong = model.trainableVariables.map(() => tensor([1]));
    expect(() => model.statelessCall(wrong, ntv, x)).toThrow(/hidden\/kernel has another shape/);
    expect(() => optimizers.SGD().statelessApply([], [], [])).toThrow(/does not know its variables yet[^]*build/);
  });
});

describe("state trees", () => {
  it("hold all variables by their paths, and set them", async () => {
    const model = network();
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(x, y, { verbose: 0 });
    const tree = model.getStateTree();
    expect(tree.trainableVariables).toEqual({
      net: {
        hidden: { kernel: expect.anything(), bias: expect.anything() },
        norm: { gamma: expect.anything(), beta: expect.anything() },
        head: { kernel: expect.anything(), bias: expect.anything() },
      },
    });
    const copy = new Model({ inputs: model.inputs!, outputs: model.outputs! });
    expect(copy.getStateTree().optimizerVariables).toEqual({});
    const before = await arrays(model.weights);
    await model.fit(x, y, { verbose: 0 });
    expect(await arrays(model.weights)).not.toEqual(before);
    model.setStateTree(tree);
    expect(await arrays(model.weights)).toEqual(before);
    expect(() => model.setStateTree({ trainableVariables: { tail: { kernel: tensor([1]) } } })).toThrow(
      /no variable of the model has[^]*tail\/kernel/,
    );
  });
});
