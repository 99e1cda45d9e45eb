import { beforeAll, describe, expect, it } from "vitest";
import type { KernelBackend } from "../backends/backend.ts";
import {
  grad,
  gradients,
  jit,
  ops,
  random,
  registerBackend,
  remat,
  setBackend,
  type Tensor,
  tensor,
  valueAndGrad,
  Variable,
} from "../index.ts";
import { createNaiveBackend } from "../testing/naive-backend.ts";

/** Bytes of intermediate values of the largest program that was loaded. */
let arena = 0;

function measuringBackend(): KernelBackend {
  const inner = createNaiveBackend();
  return {
    ...inner,
    name: "measuring",
    load: (program) => {
      arena = Math.max(
        arena,
        program.arenas.reduce((sum, bytes) => sum + bytes, 0),
      );
      return inner.load(program);
    },
  };
}

beforeAll(async () => {
  registerBackend("measuring", measuringBackend);
  await setBackend("measuring");
});

const width = 4;
const weight = (layer: number): Tensor =>
  tensor(
    Float32Array.from({ length: width * width }, (_, i) => Math.sin(i * 1.3 + layer)),
    { shape: [width, width] },
  );
const x = tensor(
  Float32Array.from({ length: 3 * width }, (_, i) => Math.cos(i)),
  { shape: [3, width] },
);
const block = (h: Tensor, a: Tensor, b: Tensor): Tensor => ops.tanh(ops.matmul(ops.sigmoid(ops.matmul(h, a)), b));

describe("remat", () => {
  it("gives the values and gradients of the function, to arguments and to what it takes from outside", async () => {
    const [a, b] = [weight(1), weight(2)];
    const loss =
      (f: typeof block) =>
      ([h, w]: readonly [Tensor, Tensor]): Tensor =>
        ops.sum(ops.square(f(h, w, b)));
    const [value, [dx, da]] = await all(valueAndGrad(loss(block))([x, a]));
    const [again, [dx2, da2]] = await all(valueAndGrad(loss(remat(block)))([x, a]));
    expect([again, dx2, da2]).toEqual([value, dx, da]);
    const captured = remat((h: Tensor) => block(h, a, b));
    const [db] = gradients(ops.sum(captured(x)), [b]);
    const [wanted] = gradients(ops.sum(block(x, a, b)), [b]);
    expect(await db!.array()).toEqual(await wanted!.array());
  });

  it("has gradients of gradients, several results, and the same random numbers in both runs", async () => {
    const f = (h: Tensor): Tensor => ops.sum(ops.power(ops.sin(h), 3));
    const twice = (g: (h: Tensor) => Tensor) => (h: Tensor) => ops.sum(ops.square(grad(g)(h)));
    expect(await grad(twice(remat(f)))(x).array()).toEqual(await grad(twice(f))(x).array());
    const pair = (h: Tensor): { s: Tensor; c: Tensor } => ({ s: ops.sin(ops.exp(h)), c: ops.cos(ops.exp(h)) });
    const joined = (g: typeof pair) => (h: Tensor) => {
      const { s, c } = g(h);
      return ops.sum(ops.multiply(s, ops.add(c, 2)));
    };
    expect(await grad(joined(remat(pair)))(x).array()).toEqual(await grad(joined(pair))(x).array());
    const seed = new random.SeedGenerator({ seed: 3 });
    const drop = remat((h: Tensor) => random.dropout(ops.exp(h), 0.5, { seed }));
    const run = jit((h: Tensor) => {
      const y = drop(h);
      return [y, gradients(ops.sum(y), [h])[0]!] as const;
    });
    const [y, dy] = run(x);
    // The derivative of a kept exponential is itself.
    expect(await dy.array()).toEqual(await y.array());
  });

  it("assigns variables once", async () => {
    const count = new Variable(0);
    const f = remat((h: Tensor) => {
      count.assign(ops.add(count, 1));
      return ops.exp(h);
    });
    const run = jit((h: Tensor) => gradients(ops.sum(f(h)), [h])[0]!);
    expect(await run(x).array()).toEqual(await ops.exp(x).array());
    expect(await count.read().item()).toBe(1);
  });

  it("needs memory that does not grow with what is between its ends", async () => {
    const layers = 25;
    const batch = 32;
    const wide = tensor(
      Float32Array.from({ length: batch * width }, (_, i) => Math.sin(i)),
      { shape: [batch, width] },
    );
    const weights = Array.from({ length: layers }, (_, i) => weight(i));
    const step = (h: Tensor, ws: readonly Tensor[]): Tensor => ws.reduce((sum, w) => ops.tanh(ops.matmul(sum, w)), h);
    const groups = [0, 5, 10, 15, 20].map((from) => weights.slice(from, from + 5));
    const plain = jit((h: Tensor) => gradients(ops.sum(step(h, weights)), weights));
    const saving = jit((h: Tensor) => gradients(ops.sum(groups.reduce((sum, ws) => remat(step)(sum, ws), h)), weights));
    const measured: number[] = [];
    const results: unknown[] = [];
    for (const f of [plain, saving]) {
      arena = 0;
      results.push(await Promise.all(f(wide).map((gradient) => gradient.array())));
      measured.push(arena);
    }
    expect(results[1]).toEqual(results[0]);
    // The ends of five blocks and the inside of one, instead of everything.
    const [all, some] = measured as [number, number];
    expect(some).toBeLessThan(0.5 * all);
  });
});

async function all([value, gradients]: readonly [Tensor, unknown]): Promise<[number, unknown[]]> {
  return [await value.item(), await Promise.all((gradients as Tensor[]).map((gradient) => gradient.array()))];
}
