import { beforeAll, describe, expect, it } from "vitest";
import { gradients, ops, random, setBackend, tensor, Variable } from "../index.ts";

beforeAll(() => setBackend("cpu"));
const formats = ["float16", "bfloat16"] as const;

describe.each(formats)("tensors of %s", (format) => {
  it("promote as Keras's do: over integers, below float32, to float32 beside the other format, and numbers are weak", () => {
    const x = ops.ones([2, 2], format);
    expect(x.dtype).toBe(format);
    for (const dtype of ["bool", "uint8", "int8", "int32"] as const) expect(ops.add(x, ops.ones([2, 2], dtype)).dtype).toBe(format);
    const other = format === "float16" ? "bfloat16" : "float16";
    for (const dtype of [other, "float32"] as const) expect(ops.add(x, ops.ones([2, 2], dtype)).dtype).toBe("float32");
    expect(ops.add(x, ops.ones([2, 2], "float64")).dtype).toBe("float64");
    const results = [ops.add(x, 1.5), ops.divide(x, 3), ops.mean(x), ops.sum(x), ops.softmax(x), ops.var(x), ops.matmul(x, x), ops.exp(x)];
    const more = [ops.std(x), ops.cumsum(x), ops.norm(x), ops.prod(x), ops.max(x), ops.logsumexp(x), ops.median(x), ops.average(x)];
    expect([...results, ...more].map(({ dtype }) => dtype)).toEqual(new Array<string>(16).fill(format));
    expect([ops.argmax(x).dtype, ops.countNonzero(x).dtype, ops.isinf(x).dtype, ops.less(x, 2).dtype]).toEqual([
      "int32",
      "int32",
      "bool",
      "bool",
    ]);
  });

  it("round every result to the nearest, ties to even, and sums once", async () => {
    const third = format === "float16" ? 0.333251953125 : 0.333984375;
    expect(await ops.divide(ops.ones([], format), 3).item()).toBe(third);
    expect(await tensor([1 / 3, 1e9, NaN], { dtype: format }).array()).toEqual([third, format === "float16" ? Infinity : 998244352, NaN]);
    // 300 has nine bits: partial sums in eight would stay at 256.
    expect(await ops.sum(ops.ones([300], format)).item()).toBe(300);
    expect(await ops.mean(ops.full([100000], 3, format)).item()).toBe(3);
    const [x, y] = [random.uniform([17, 130], { seed: 1 }), random.uniform([130, 19], { seed: 2 })].map((v) => ops.cast(v, format));
    const [a, b] = [ops.matmul(x!, y!), ops.cast(ops.matmul(ops.cast(x!, "float32"), ops.cast(y!, "float32")), format)];
    expect(await a.array()).toEqual(await b.array());
  });

  it("are values of variables, have gradients of their dtype, and go through float32 both ways", async () => {
    const w = new Variable(tensor([0.1, 2, -3], { dtype: format }), { name: "w" });
    expect([w.dtype, (await w.data()).constructor]).toEqual([format, Float32Array]);
    const [g] = gradients(ops.sum(ops.multiply(w, w)), [w]);
    expect(g!.dtype).toBe(format);
    const [first] = await w.data();
    expect((await g!.data())[0]).toBe(2 * first!);
    w.assign(ops.multiply(w, 2));
    expect((await w.data())[0]).toBe(2 * first!);
    const [h] = gradients(ops.sum(ops.power(ops.cast(ops.cast([1, 2, 3], "float32"), format), 2)), []);
    expect(h).toBeUndefined();
  });
});
