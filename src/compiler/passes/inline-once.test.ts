import { afterAll, expect, it } from "vitest";
import { createNaiveBackend } from "../../testing/naive-backend.ts";
import { jit, ops, registerBackend, setBackend, tensor, type Tensor } from "../../index.ts";

registerBackend("naive", () => createNaiveBackend());
afterAll(() => setBackend("cpu"));

const rows = (count: number): Tensor =>
  tensor(
    Float32Array.from({ length: 3 * count }, (_, i) => Math.sin(i * 1.1)),
    { shape: [count, 3] },
  );

/** Sums of a loop whose turns hold a loop of `inner` turns, forwards or backwards, with everything that loops have. */
function nested(inner: number, reverse: boolean): (x: Tensor) => Tensor[] {
  return (x) => {
    const weights = rows(3);
    const [last, seen] = ops.scan(
      (state: Tensor, row: Tensor): [Tensor, Tensor] => {
        const [low, all] = ops.scan(
          (h: Tensor, factor: Tensor): [Tensor, Tensor] => {
            const next = ops.tanh(ops.add(ops.matmul(h, weights), ops.multiply(row, factor)));
            return [next, ops.exp(next)];
          },
          state,
          ops.add(ops.arange(inner, { dtype: "float32" }), 1),
          null,
          { reverse },
        );
        return [low, ops.sum(all, 0)];
      },
      ops.zeros([3]),
      x,
      null,
      { reverse },
    );
    return [last, seen];
  };
}

it("loops of one turn give what they give as loops, alone, around others and within them", async () => {
  for (const [outer, inner] of [
    [1, 1],
    [1, 3],
    [3, 1],
  ] as const) {
    for (const reverse of [false, true]) {
      const f = nested(inner, reverse);
      const results: number[][] = [];
      for (const backend of ["reference", "naive", "wasm", "cpu"]) {
        await setBackend(backend);
        const values = await Promise.all(jit(f)(rows(outer)).map(async (y) => [...(await y.data())]));
        results.push(values.flat());
      }
      for (const other of results.slice(1)) other.forEach((value, i) => expect(value).toBeCloseTo(results[0]![i]!, 5));
    }
  }
});
