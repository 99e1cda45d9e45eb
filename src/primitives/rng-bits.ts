import { ShapeError } from "../errors.ts";
import { applyOne, type ConcreteShape, formatShape, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectExactDType, expectShape, nd, numbers, whereOf } from "./define.ts";

/**
 * Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a bijection of
 * two 32-bit words under a key of two. Rotations and key schedule as in Random123's `threefry2x32_R(20)`.
 */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const keys = [key0, key1, key0 ^ key1 ^ 0x1bd11bda];
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const by = rotations[round % 8]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << by) | (x1 >>> (32 - by))) ^ x0;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = (x0 + keys[injection % 3]!) | 0;
      x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x0, x1];
}

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/**
 * 32 random bits per element, as int32: element i (row-major) is word 0 of `threefry2x32(key, counter)` with the counter
 * (i, 0). The same bits on every back-end. Attributes: `shape`.
 */
export const rngBitsPrimitive: Primitive = definePrimitive({
  name: "rngBits",
  infer: (inputs, attributes) => {
    const key = inputs[0]!;
    expectExactDType("rngBits", key, "int32", "the key");
    if (key.shape.length !== 1 || key.shape[0] !== 2) {
      throw new ShapeError({
        where: whereOf("rngBits"),
        problem: "the key has the wrong shape",
        expected: "[2], two 32-bit words",
        received: formatShape(key.shape),
        advice: "make the key with a SeedGenerator",
      });
    }
    const shape = numbers(attributes, "shape");
    expectShape("rngBits", shape);
    return [{ shape, dtype: "int32" }];
  },
  gradient: null,
  reference: ([key], _attributes, types) => {
    const out = emptyNd(types[0]!);
    const [key0, key1] = [key!.data[0]!, key!.data[1]!];
    for (let i = 0; i < out.data.length; i++) out.data[i] = threefry2x32(key0, key1, i, 0)[0];
    return [out];
  },
  lowering: { kind: "rngBits" },
  samples: () => [
    { inputs: [nd([0, 0], [2], "int32")], attributes: { shape: [7] } },
    { inputs: [nd([-1, 12345], [2], "int32")], attributes: { shape: [3, 5] } },
    { inputs: [nd([1, 2], [2], "int32")], attributes: { shape: [] } },
    { inputs: [nd([1, 2], [2], "int32")], attributes: { shape: [0, 4] } },
  ],
});

/** Random bits (int32) of `shape` from a key (int32 [2]); equal keys give equal bits. Throws ShapeError or DTypeError for another key. */
export function rngBits(key: Tensor, shape: ConcreteShape): Tensor {
  return applyOne(rngBitsPrimitive, [key], { shape });
}
