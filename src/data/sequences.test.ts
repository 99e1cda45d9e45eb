import { beforeAll, describe, expect, it } from "vitest";
import { setBackend, tensor, utils } from "../index.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

describe("padSequences", () => {
  it("takes typed arrays and gives any dtype", async () => {
    const padded = utils.padSequences([Float32Array.of(0.5, 1.5), [2]], { maxlen: 3, dtype: "float32", padding: "post", value: -1 });
    expect(await padded.array()).toEqual([
      [0.5, 1.5, -1],
      [2, -1, -1],
    ]);
    expect(utils.padSequences([]).shape).toEqual([0, 0]);
  });
  it("says what is wrong", () => {
    expect(() => utils.padSequences([1, 2] as never)).toThrow(/no sequences/);
    expect(() => utils.padSequences([[1]], { padding: "after" as "post" })).toThrow(/"pre", "post"/);
    expect(() => utils.padSequences([[1]], { maxLen: 2 } as object)).toThrow(/"maxlen"/);
  });
});

describe("toCategorical and normalize", () => {
  it("make one-hot rows, dropping a last axis of extent 1", async () => {
    expect(await (await utils.toCategorical(tensor([[1], [0]]), { numClasses: 3 })).array()).toEqual([
      [0, 1, 0],
      [1, 0, 0],
    ]);
    await expect(utils.toCategorical([0, 3], { numClasses: 3 })).rejects.toThrow(/0 to 2/);
  });
  it("make rows of length 1, and leave rows of length 0", async () => {
    const rows = (await utils.normalize([[3, 4], [0, 0]]).array()) as number[][]; // prettier-ignore
    expect(rows[1]).toEqual([0, 0]);
    expect(rows[0]![0]).toBeCloseTo(0.6, 6);
  });
});
