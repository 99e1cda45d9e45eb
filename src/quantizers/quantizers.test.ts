import { describe, expect, it } from "vitest";
import { errors, gradients, layers, ops, quantizers, tensor, type Tensor } from "../index.ts";

const integers = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0]!.length] });

describe("several numbers in a byte", () => {
  it("are packed as Keras packs them, and come back", async () => {
    // The examples of Keras's documentation.
    const four = integers([
      [-3, 7],
      [2, -8],
      [1, 0],
    ]);
    const [packed, shape, length] = quantizers.packInt4(four);
    expect(await packed.array()).toEqual([
      [45, -121],
      [1, 0],
    ]);
    expect([shape, length]).toEqual([[2, 2], 3]);
    expect(await quantizers.unpackInt4(packed, length).array()).toEqual(await four.array());
    const wide = integers([
      [-3, 7, 2],
      [-8, 1, 0],
    ]);
    const [across] = quantizers.packInt4(wide, { axis: 1 });
    expect(await across.array()).toEqual([
      [125, 2],
      [24, 0],
    ]);
    expect(await quantizers.unpackInt4(across, 3, { axis: -1 }).array()).toEqual(await wide.array());
    const two = integers([
      [-2, 1],
      [0, -1],
      [1, -2],
      [0, 1],
      [-1, 0],
    ]);
    const [quarter, , rows] = quantizers.packInt2(two);
    expect(await quarter.array()).toEqual([
      [18, 109],
      [3, 0],
    ]);
    expect(await quantizers.unpackInt2(quarter, rows).array()).toEqual(await two.array());
  });

  it("are unsigned on demand, and three-valued ones five to a byte", async () => {
    const nibbles = tensor(Uint8Array.of(15, 3, 9), { shape: [3] });
    const [packed] = quantizers.packInt4(nibbles, { dtype: "uint8" });
    expect(packed.dtype).toBe("uint8");
    expect(await packed.array()).toEqual([63, 9]);
    expect(await quantizers.unpackInt4(packed, 3, { dtype: "uint8" }).array()).toEqual([15, 3, 9]);
    const trits = integers([[1], [-1], [0], [1], [1], [-1], [0]]);
    const [bytes, shape, length] = quantizers.packTernary(trits);
    // 2 + 0 + 9 + 54 + 162; what is filled up is the digit 1.
    expect(await bytes.array()).toEqual([[227], [0 + 3 + 9 + 27 + 81]]);
    expect([bytes.dtype, shape, length]).toEqual(["uint8", [2, 1], 7]);
    expect(await quantizers.unpackTernary(bytes, 7).array()).toEqual(await trits.array());
    expect(() => quantizers.unpackTernary(bytes, 11)).toThrow(/6 to 10/);
    expect(() => quantizers.packInt4([[0.5]])).toThrow(errors.DTypeError);
    expect(() => quantizers.packInt4(trits, { dtype: "int16" as never })).toThrow(errors.ValueError);
  });
});

describe("quantization by the largest absolute value", () => {
  it("gives whole numbers and the scale, over the axis of the call, of the quantizer, or the last", async () => {
    const x = tensor([
      [-1, 0.5, 0.25],
      [4, 2, -8],
    ]);
    const [q, scale] = quantizers.absMaxQuantize(x, -1, { epsilon: 0 });
    expect(await q.array()).toEqual([
      [-127, 64, 32],
      [64, 32, -127],
    ]);
    expect(q.dtype).toBe("int8");
    expect(await scale.array()).toEqual([[127], [15.875]]);
    const quantizer = quantizers.AbsMaxQuantizer({ axis: 0, epsilon: 0 });
    expect(await quantizer(x)[1].array()).toEqual([[31.75, 63.5, 15.875]]);
    expect((await quantizer(x, { axis: -1 })[1].array()) as unknown).toEqual([[127], [15.875]]);
    const json = quantizers.serialize(quantizer);
    expect(json).toEqual({
      module: "keras.quantizers",
      class_name: "AbsMaxQuantizer",
      config: { value_range: [-127, 127], epsilon: 0, output_dtype: "int8", axis: [0] },
      registered_name: null,
    });
    expect(quantizers.serialize(quantizers.deserialize(json))).toEqual(json);
    expect(quantizers.get("abs_max_quantizer")).toBeInstanceOf(quantizers.Quantizer);
    expect(() => quantizers.AbsMaxQuantizer({ valueRange: [-200, 127] })).toThrow(/does not hold/);
  });

  it("is what layers need: a quantizer that gives no scale is refused by name", async () => {
    const dense = layers.Dense({ units: 2 });
    dense.build([null, 3]);
    const weightQuantizer = new quantizers.Quantizer();
    const config = quantizers.Int8QuantizationConfig({ weightQuantizer });
    expect(() => dense.quantize("int8", { config })).toThrow(/gives no scale/);
  });

  it("gives a scale and a zero point for each group of rows", async () => {
    const x = tensor(
      Float32Array.from({ length: 10 }, (_, i) => i * 0.7 - 1),
      { shape: [5, 2] },
    );
    const [q, scale, zero] = quantizers.absMaxQuantizeGroupedWithZeroPoint(x, 2);
    expect([q.shape, scale.shape, zero.shape]).toEqual([
      [5, 2],
      [3, 2],
      [3, 2],
    ]);
    const groups = (t: Tensor): Tensor => ops.slice(ops.repeat(t, 2, 0), [0, 0], [5, 2]);
    const float = (t: Tensor): Tensor => ops.cast(t, "float32");
    const back = ops.multiply(ops.subtract(float(q), float(groups(zero))), groups(scale));
    const error = (await ops.abs(ops.subtract(back, x)).array()) as number[][];
    const steps = (await groups(scale).array()) as number[][];
    // The last group holds its value and the zeros that fill it up; zero points beyond the range cut the rest off.
    for (const row of [4]) for (const column of [0, 1]) expect(error[row]![column]!).toBeLessThanOrEqual(steps[row]![column]! * 0.51);
    expect(await ops.min(q).item()).toBeGreaterThanOrEqual(-8);
    expect(await ops.max(q).item()).toBeLessThanOrEqual(7);
  });
});

describe("floats of 8 bits", () => {
  it("are rounded to the numbers that the format has, ties to even, cut off at its largest", async () => {
    const x = [0, 1, 1.0625, 1.1875, 17, -19, 500, -1e9, 0.001953125, 0.0009765625, 0.00146484375, 0.3];
    const e4m3 = await quantizers.quantizeAndDequantize(x, 1, "float8_e4m3fn", "float32").array();
    expect(e4m3).toEqual([0, 1, 1, 1.25, 16, -20, 448, -448, 0.001953125, 0, 0.001953125, 0.3125]);
    const e5m2 = await quantizers.quantizeAndDequantize([1.125, 1.375, 70_000, 2 ** -16, 2 ** -17], 1, "float8_e5m2", "float32").array();
    expect(e5m2).toEqual([1, 1.5, 57_344, 2 ** -16, 0]);
    expect(await quantizers.quantizeAndDequantize([3], 2, "float8_e4m3fn", "float32").array()).toEqual([3]);
    expect(() => quantizers.quantizeAndDequantize([1], 1, "float8" as never, "float32")).toThrow(errors.ValueError);
  });

  it("take their scale from a history of largest values", async () => {
    const history = quantizers.computeFloat8AmaxHistory(
      [
        [1, -5],
        [2, 3],
      ],
      [7, 8, 9],
    );
    expect(await history.array()).toEqual([5, 9, 7]);
    expect(await quantizers.computeFloat8Scale([4, 0, Infinity], [0.5, 0.5, 0.25], 448).array()).toEqual(
      [4 / 448, 0.5, 0.25].map(Math.fround),
    );
    expect(await quantizers.computeFloat8Scale([4], [1], 448, { margin: 1 }).array()).toEqual([Math.fround(8 / 448)]);
  });
});

describe("fake quantization", () => {
  it("rounds to steps of the nudged range; gradients of what was cut off go to its ends", async () => {
    const x = tensor([-2, -0.85, 0, 0.31, 0.46, 1.1, 5]);
    const [low, high] = [tensor(-0.91), tensor(1.19)];
    const y = quantizers.fakeQuantWithMinMaxVars(x, low, high, { numBits: 3 });
    // Eight values, 0.3 apart, one of them 0: the range is moved to -0.9 ... 1.2.
    const wanted = [-3, -3, 0, 1, 2, 4, 4].map((i) => i * 0.3);
    ((await y.array()) as number[]).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 6);
    });
    const [dx, dlow, dhigh] = gradients(y, [x, low, high]);
    expect(await dx!.array()).toEqual([0, 1, 1, 1, 1, 1, 0]);
    expect([await dlow!.item(), await dhigh!.item()]).toEqual([1, 1]);
    const channels = quantizers.fakeQuantWithMinMaxVars(ops.reshape(ops.arange(6), [3, 2]), [0, 0], [2, 4], { axis: -1 });
    expect(channels.shape).toEqual([3, 2]);
    expect(((await channels.array()) as number[][])[2]).toEqual([2, 4]);
  });
});
