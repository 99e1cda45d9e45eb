/** The suite that every layer passes: shapes, dtypes, configurations, training, and clear errors for nonsense. */
import { describe, expect, it } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { type DType, hostArray, isFloat } from "../dtype/index.ts";
import { NablaError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { type ConcreteShape, dataTensor, formatShape, type Shape, sizeOf, symbolicTensor } from "../graph/index.ts";
import { deserialize, Input, type Layer } from "../layers/index.ts";
import { flattenStructure } from "../layers/structure.ts";
import { Model } from "../models/index.ts";
import * as ops from "../ops/index.ts";

/** A layer class as a function of its options. */
export interface LayerUnderTest {
  (options: never): Layer;
  new (options: never): Layer;
  readonly className: string;
}

/** What the suite needs to know of a layer. */
export interface LayerContract {
  /** Options of a typical layer, or a function that makes them where they hold a layer. */
  readonly options: object | (() => object);
  /** Shapes of the inputs, batch included (2 or more); one entry for one input. */
  readonly inputs: readonly ConcreteShape[];
  /** Shape of the (first) output for these inputs. */
  readonly output: ConcreteShape;
  /** Dtype of the inputs. Default float32. */
  readonly dtype?: DType;
  /** Inputs are whole numbers below this. */
  readonly below?: number;
  /** Number of weights. */
  readonly weights: number;
  /** Options that are refused, with a part of the message. */
  readonly refused: readonly (readonly [object, RegExp])[];
  /** Input shapes that are refused, with a part of the message. */
  readonly refusedInputs: readonly (readonly [ConcreteShape, RegExp])[];
  /** Whether the layer takes a list. */
  readonly list?: boolean;
  /** How several inputs are given: one after the other, or the first and then a list of the others (a cell's states). */
  readonly form?: "positional" | "cell";
  /** Whether the layer computes in the dtype of a layer that it holds. */
  readonly inner?: boolean;
  /** Whether files can hold the layer. Default true; else writing it is refused. */
  readonly serializable?: boolean;
}

function values(shape: ConcreteShape, dtype: DType, below: number | undefined, phase: number): Tensor {
  const data = hostArray(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = below === undefined ? Math.sin(1.7 * i + phase) : (i * 7 + 3) % below;
  return dataTensor(data, shape, dtype);
}

/** Runs the suite on one class. Needs a back-end, chosen by the test file. */
export function runLayerContract(cls: LayerUnderTest, contract: LayerContract): void {
  const dtype = contract.dtype ?? "float32";
  const options = (): object => (typeof contract.options === "function" ? (contract.options as () => object)() : contract.options);
  const make = (extra: object = {}): Layer => cls({ ...options(), ...extra } as never);
  const call = (layer: Layer, ...args: unknown[]): unknown => layer(...args);
  /** Without what layers draw. */
  const still = { training: false };
  /** Inputs, or their shapes, as arguments. */
  const arranged = (all: readonly unknown[]): unknown[] => {
    if (contract.list === true) return [all];
    if (contract.form === "positional") return [...all];
    return contract.form === "cell" ? [all[0], all.slice(1)] : [all[0]];
  };
  const given = (phase = 0, type = dtype, batch?: number): unknown[] =>
    arranged(
      contract.inputs.map((shape, i) => values(batch === undefined ? shape : [batch, ...shape.slice(1)], type, contract.below, phase + i)),
    );
  const first = (result: unknown): Tensor => flattenStructure(result)[0] as Tensor;
  const shapes = (batch: number | null): unknown[] => arranged(contract.inputs.map((shape): Shape => [batch, ...shape.slice(1)]));
  const build = (layer: Layer): void => (layer.build as (...shapes: unknown[]) => void)(...shapes(null));
  /** The inputs with the first one replaced. */
  const withFirst = (x: Tensor, others: (shape: ConcreteShape) => Tensor): unknown[] =>
    arranged([x, ...(contract.list === true || contract.form !== undefined ? contract.inputs.slice(1).map(others) : [])]);

  describe(`${cls.className} keeps the contract of layers`, () => {
    it("is made with and without new, and named after its class", () => {
      for (const layer of [make(), new cls(options() as never)]) {
        expect(layer).toBeInstanceOf(cls);
        expect(layer.className).toBe(cls.className);
        expect(layer.name).toMatch(/^[a-z0-9_]+$/);
      }
      expect(make({ name: "mine" }).name).toBe("mine");
      expect(String(make({ name: "mine" }))).toBe(`${cls.className} "mine"`);
    });

    it("gives the output shape that it announces, for any batch", async () => {
      const layer = make();
      const announced = flattenStructure(
        layer.computeOutputShape((contract.form === "positional" ? shapes(null) : shapes(null)[0]) as never),
      );
      expect(announced.slice(0, contract.output.length)).toEqual([null, ...contract.output.slice(1)]);
      const y = first(call(layer, ...given()));
      expect(y.shape).toEqual(contract.output);
      expect((await y.data()).every(Number.isFinite)).toBe(true);
      expect(first(call(layer, ...given(0, dtype, 3))).shape).toEqual([3, ...contract.output.slice(1)]);
    });

    it("builds its weights once, and gives and takes them", async () => {
      const layer = make();
      expect(layer.built).toBe(false);
      build(layer);
      expect(layer.built).toBe(true);
      expect(layer.weights.length).toBe(contract.weights);
      const weights = layer.weights;
      await first(call(layer, ...given())).data();
      expect(layer.weights).toEqual(weights);
      expect(layer.trainableWeights.length + layer.nonTrainableWeights.length).toBe(contract.weights);
      expect(weights.every((weight) => weight.path.startsWith(`${layer.name}/`))).toBe(true);
      const got = await layer.getWeights();
      await layer.setWeights(got.map((weight) => ops.add(weight, 1)));
      const moved = await layer.getWeights();
      for (const [i, weight] of moved.entries())
        expect(Array.from(await weight.data())).toEqual(Array.from(await got[i]!.data(), (value) => Math.fround(value + 1)));
      layer.trainable = false;
      expect(layer.trainableWeights).toEqual([]);
      expect(layer.nonTrainableWeights.length).toBe(contract.weights);
    });

    it("comes back from its configuration and computes the same", async () => {
      const layer = make({ name: "original" });
      if (contract.serializable === false) {
        expect(() => JSON.stringify(layer)).toThrow(NablaError);
        return;
      }
      const y = await first(call(layer, ...given(), still)).data();
      const json = JSON.parse(JSON.stringify(layer)) as object;
      const copy = deserialize(json);
      expect(copy.getConfig()).toEqual(layer.getConfig());
      expect(copy.built).toBe(true);
      await copy.setWeights(await layer.getWeights());
      expect(Array.from(await first(call(copy, ...given(), still)).data())).toEqual(Array.from(y));
      expect(Object.keys(layer.getConfig()).every((key) => key === key.toLowerCase())).toBe(true);
    });

    it("is part of a functional model, which computes the same", async () => {
      const layer = make();
      const inputs = contract.inputs.map((shape) => Input({ shape: shape.slice(1), dtype }));
      const output = first(call(layer, ...arranged(inputs)));
      expect(output.shape).toEqual([null, ...contract.output.slice(1)]);
      const model = new Model<unknown, Tensor>({ inputs: inputs.length === 1 ? inputs[0]! : inputs, outputs: output });
      const tensors = flattenStructure(given());
      const through = call(model, inputs.length === 1 ? tensors[0] : tensors, still) as Tensor;
      const direct = first(call(layer, ...given(), still));
      expect(Array.from(await through.data())).toEqual(Array.from(await direct.data()));
    });

    it("has gradients that are finite and reach every trainable weight", async () => {
      const layer = make();
      const x = given();
      const y = first(call(layer, ...x, still));
      if (!isFloat(y.dtype)) return;
      const loss = ops.sum(ops.multiply(y, values(y.shape as ConcreteShape, "float32", undefined, 0.3)));
      const sources = [
        ...layer.trainableWeights.map((weight) => weight.read()),
        ...(flattenStructure(x) as Tensor[]).filter((tensor) => isFloat(tensor.dtype)),
      ];
      for (const gradient of gradients([loss], sources)) expect((await gradient.data()).every(Number.isFinite)).toBe(true);
      if (layer.trainableWeights.length === 0) return;
      const found = await Promise.all(gradients([loss], layer.trainableWeights).map((gradient) => gradient.data()));
      expect(found.every((gradient) => gradient.some((value) => value !== 0))).toBe(true);
    });

    it("computes in float64 and in two bytes where it is told to", async () => {
      if (!isFloat(dtype) || contract.inner === true) return;
      const layer = make({ dtype: "float64" });
      const y = first(call(layer, ...given(0, "float64")));
      expect(y.dtype).toBe("float64");
      await y.data();
      const z = first(call(make({ dtype: "float16" }), ...given(0), still));
      expect(z.dtype).toBe("float16");
      await z.data();
    });

    const refusals: [string, () => unknown, RegExp][] = [
      ["an unknown option, with the nearest name", () => make({ nmae: "x" }), /nmae/],
      ["a name with a slash", () => make({ name: "a/b" }), /name/],
      ["a name that is no text", () => make({ name: 3 }), /name/],
      ["an unknown dtype", () => make({ dtype: "float31" }), /dtype/],
      ["a switch that is neither on nor off", () => make({ trainable: "no" }), /trainable/],
      ["options that are no object", () => cls(7 as never), /./],
      ["a call without inputs", () => call(make()), /input/],
      ["a call on null", () => call(make(), null), /./],
      ["a call on a text", () => call(make(), "x"), /./],
      ["a call on a promise", () => call(make(), Promise.resolve(1)), /./],
      ["too many weights", () => make().setWeights(new Array<number>(99).fill(1)), /weights/],
      ...contract.refused.map(([options, message]): [string, () => unknown, RegExp] => [
        `options ${JSON.stringify(options)}`,
        () => make(options),
        message,
      ]),
      ...contract.refusedInputs.map(([shape, message]): [string, () => unknown, RegExp] => [
        `an input of shape ${formatShape(shape)}`,
        () => {
          const layer = make();
          build(layer);
          const other = (of: ConcreteShape): Tensor => values(of, dtype, contract.below, 0);
          return call(layer, ...withFirst(other(shape), other));
        },
        message,
      ]),
    ];
    it.each(refusals)("refuses %s", async (_, attempt, message) => {
      const error = await thrown(attempt);
      expect(error).toBeInstanceOf(NablaError);
      const { parts } = error as NablaError;
      expect((error as NablaError).message).toMatch(message);
      expect(parts.where).toContain(cls.className);
      expect(parts.received ?? parts.expected).toBeDefined();
    });

    it("refuses the same nonsense when a model is built", async () => {
      for (const [shape] of contract.refusedInputs) {
        const symbolic = (of: ConcreteShape): Tensor => symbolicTensor([null, ...of.slice(1)], dtype, undefined);
        const layer = make();
        build(layer);
        const error = await thrown(() => call(layer, ...withFirst(symbolic(shape), symbolic)));
        expect(error).toBeInstanceOf(NablaError);
      }
    });
  });
}

async function thrown(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return error;
  }
  return undefined;
}
