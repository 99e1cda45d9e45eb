import { beforeAll, describe, expect, it } from "vitest";
import { distillation, layers, losses, ops, optimizers, Sequential, setBackend, setRandomSeed, type Tensor, tensor } from "../index.ts";

beforeAll(() => setBackend("reference"));

const { Distiller, FeatureDistillation, LogitsDistillation } = distillation;
const model = (units: number, name: string): Sequential =>
  new Sequential({
    name,
    layers: [layers.Dense({ units, activation: "tanh", inputDim: 4, name: `${name}_hidden` }), layers.Dense({ units: 3 })],
  });
const x = tensor(
  Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
  { shape: [16, 4] },
);
const y = tensor(
  Int32Array.from({ length: 16 }, (_, i) => i % 3),
  { shape: [16] },
);

describe("LogitsDistillation", () => {
  const [a, b] = [tensor([[1, 2, 3]]), tensor([[2, 0, 1]])];
  it("is the divergence of softened outputs, times the temperature's square", async () => {
    const soft = (t: Tensor): Tensor => ops.softmax(ops.divide(t, 4));
    const wanted = 16 * (await ops.mean(losses.klDivergence(soft(a), soft(b))).item());
    expect(await new LogitsDistillation({ temperature: 4 }).computeLoss(a, b).item()).toBeCloseTo(wanted, 5);
  });

  it("takes other losses as they are, and none for some outputs", async () => {
    const loss = new LogitsDistillation({ temperature: 2, loss: ["mse", null] });
    expect(await loss.computeLoss([a, a], [b, b]).item()).toBeCloseTo((0.25 + 1 + 1) / 3, 5);
    expect(() => new LogitsDistillation({ loss: [null] })).toThrow(/no loss/);
    expect(() => new LogitsDistillation({ temperature: 0 })).toThrow(/temperature/);
    expect(() => loss.computeLoss([a], [b])).toThrow(/one loss per output/);
  });
});

describe("Distiller", () => {
  const make = (options: object = {}): InstanceType<typeof Distiller> => {
    setRandomSeed(7);
    const [teacher, student] = [model(8, "teacher"), model(8, "student")];
    return new Distiller({ teacher, student, distillationLosses: new LogitsDistillation(), ...options } as never);
  };
  const answers = async (net: unknown): Promise<Float32Array> => (await (net as Sequential).predict(x)).data() as Promise<Float32Array>;
  const distance = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0);

  it("brings the student near to the teacher, which stays as it is", async () => {
    const distiller = make({ studentLossWeight: 0, distillationLosses: new LogitsDistillation({ temperature: 1, loss: "mse" }) });
    distiller.compile({
      optimizer: optimizers.Adam({ learningRate: 0.02 }),
      loss: losses.SparseCategoricalCrossentropy({ fromLogits: true }),
      metrics: ["accuracy"],
    });
    const wanted = await answers(distiller.teacher);
    const before = distance(wanted, await answers(distiller.student));
    const { history } = await distiller.fit(x, y, { epochs: 60, batchSize: 16, verbose: 0 });
    expect(await answers(distiller.teacher)).toEqual(wanted);
    expect(distance(wanted, await answers(distiller.student))).toBeLessThan(0.6 * before);
    expect(Object.keys(history).sort()).toEqual(["accuracy", "distillation_loss", "loss", "student_loss", "total_loss"]);
    expect(history.total_loss!.at(-1)).toBeCloseTo(history.distillation_loss!.at(-1)!, 5);
  });

  it("weighs the student's own loss against it, and compares features of layers", async () => {
    const features = new FeatureDistillation({ teacherLayerName: "teacher_hidden", studentLayerName: "student_hidden" });
    const distiller = make({
      distillationLosses: [features, new LogitsDistillation()],
      distillationLossWeights: [1, 0.5],
      studentLossWeight: 0.25,
    });
    distiller.compile({ optimizer: "adam", loss: losses.SparseCategoricalCrossentropy({ fromLogits: true }) });
    const { history } = await distiller.fit(x, y, { epochs: 3, batchSize: 16, verbose: 0 });
    const [total, student, distilled] = ["total_loss", "student_loss", "distillation_loss"].map((key) => history[key]!.at(-1)!);
    expect(total).toBeCloseTo(0.25 * student! + 0.75 * distilled!, 5);
    expect((await distiller.evaluate(x, y, { verbose: 0 })).loss).toBeGreaterThan(0);
    const json = JSON.parse(JSON.stringify(distiller.getConfig())) as object;
    expect(JSON.parse(JSON.stringify((Distiller.fromConfig(json as never) as InstanceType<typeof Distiller>).getConfig()))).toEqual(json);
  });

  it("refuses models that do not fit, losses that are none, and layers that are not there", () => {
    const [teacher, student] = [model(8, "teacher"), model(4, "student")];
    const loss = new LogitsDistillation();
    const other = new Sequential({ layers: [layers.Dense({ units: 2, inputDim: 4 })] });
    expect(() => new Distiller({ teacher: teacher as never, student: other as never, distillationLosses: loss })).toThrow(
      /different outputs/,
    );
    expect(() => make({ distillationLosses: [] })).toThrow(/distillationLosses/);
    expect(() => make({ distillationLosses: [loss], distillationLossWeights: [1, 2] })).toThrow(/one weight/);
    expect(() => make({ studentLossWeight: 2 })).toThrow(/share/);
    expect(() => make({ distillationLosses: new FeatureDistillation({ teacherLayerName: "teacher_hiden" }) })).toThrow(/teacher_hidden/);
    expect(() => make().compile({})).toThrow(/needs a loss/);
    const narrow = new FeatureDistillation({ teacherLayerName: "teacher_hidden", studentLayerName: "student_hidden" });
    const distiller = new Distiller({ teacher: teacher as never, student: student as never, distillationLosses: narrow });
    distiller.compile({ loss: "mse" });
    return expect(distiller.fit(x, ops.ones([16, 3]), { verbose: 0 })).rejects.toThrow(/different shapes/);
  });
});
