import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { IndexError } from "../errors.ts";
import { dataTensor, symbolicTensor, type Tensor, Variable } from "../graph/index.ts";
import { gradients } from "../autodiff/index.ts";
import { add, broadcastInDim, constant, exp, multiply, negate, reduceSum, stopGradient, take, withGradient } from "../primitives/index.ts";
import { createNaiveBackend } from "../testing/naive-backend.ts";
import { cacheCounts, clearPrograms, registerBackend, setBackend } from "./index.ts";
import { maximumPrograms } from "./program-cache.ts";
import { keptReads } from "./read-chain.ts";

const vector = (...values: number[]): Tensor => dataTensor(Float32Array.from(values), [values.length], "float32");
const indices = (...values: number[]): Tensor => dataTensor(Int32Array.from(values), [values.length], "int32");
const at = (x: Tensor, ...where: number[]): Tensor => take(x, indices(...where), 0, "check");

beforeAll(() => {
  registerBackend("reference", createReferenceBackend);
  registerBackend("kernels", () => createNaiveBackend());
  registerBackend("wasm", () => createWasmBackend());
});

describe.each(["reference", "kernels", "wasm"])("on the %s back-end", (backend) => {
  beforeEach(async () => {
    await setBackend(backend);
    clearPrograms();
  });

  describe("reading", () => {
    it("gives the value, and the caller owns the array", async () => {
      const y = add(vector(1, 2), vector(3, 4));
      const first = await y.data();
      expect(first).toEqual(Float32Array.of(4, 6));
      first[0] = 100;
      expect(await y.data()).toEqual(Float32Array.of(4, 6));
    });

    it("computes nothing twice: a read tensor is a leaf for what comes after", async () => {
      const y = exp(vector(0, 0));
      await y.data();
      await negate(y).data();
      const misses = cacheCounts().misses;
      // The same structure as negate(y) shows that exp was not part of it.
      await negate(vector(5, 6)).data();
      expect(cacheCounts().misses).toBe(misses);
    });

    it("keeps the inputs of what was read, for gradients", async () => {
      const x = vector(2, 3);
      const y = multiply(x, x);
      await y.data();
      const [slope] = gradients([reduceSum(y, [0])], [x]);
      expect(await slope!.data()).toEqual(Float32Array.of(4, 6));
    });

    it("runs reads that are asked for together as one program", async () => {
      const x = exp(vector(0, 1));
      const before = cacheCounts();
      const [a, b] = await Promise.all([add(x, x).data(), multiply(x, x).data()]);
      expect(cacheCounts().misses + cacheCounts().hits - before.misses - before.hits).toBe(1);
      expect(a[0]).toBe(2);
      expect(b[0]).toBe(1);
    });

    it("finds the same program for other values of scalars, but not for 0, 1 and -1", async () => {
      const run = (rate: number): Promise<number> => multiply(vector(1), broadcastInDim(constant(rate, "float32"), [1], [])).item();
      const misses = cacheCounts().misses;
      expect(await run(0.5)).toBeCloseTo(0.5);
      expect(await run(0.25)).toBeCloseTo(0.25);
      expect(cacheCounts().misses).toBe(misses + 1);
      expect(await run(1)).toBe(1);
      expect(cacheCounts().misses).toBe(misses + 2);
    });

    it("keeps a bounded number of programs", async () => {
      for (let n = 1; n <= maximumPrograms + 10; n++) await negate(dataTensor(new Float32Array(n), [n], "float32")).data();
      expect(cacheCounts().programs).toBe(maximumPrograms);
    });

    it("says that a symbolic tensor has no values", async () => {
      await expect(symbolicTensor([2], "float32", undefined).data()).rejects.toThrow("symbolic");
    });

    it("lets one read fail without the others that were asked for with it", async () => {
      const x = vector(1, 2);
      const good = add(x, x);
      const bad = at(x, 7);
      const [a, b] = await Promise.allSettled([good.data(), bad.data()]);
      expect(a).toMatchObject({ status: "fulfilled", value: Float32Array.of(2, 4) });
      expect(b).toMatchObject({ status: "rejected", reason: expect.any(IndexError) as IndexError });
    });

    it("goes through graphs deeper than the stack", async () => {
      let x = vector(0);
      const one = vector(1);
      const depth = backend === "reference" ? 20_000 : 3_000;
      for (let i = 0; i < depth; i++) x = add(x, one);
      expect(await x.item()).toBe(depth);
    });

    it("frees a value early, and computes it again when it is read again", async () => {
      const y = add(vector(1), vector(2));
      await y.data();
      y.dispose();
      expect(y.node.values[0]).toBeUndefined();
      expect(await y.item()).toBe(3);
      const given = vector(5);
      given.dispose();
      expect(await given.item()).toBe(5);
    });
  });

  describe("chains of read tensors", () => {
    it("are cut at the old end, and gradients through the cut say so", async () => {
      const start = vector(0);
      const one = vector(1);
      let x = start;
      for (let i = 0; i < 2 * keptReads + 50; i++) {
        x = add(x, one);
        await x.data();
      }
      expect(await x.item()).toBe(2 * keptReads + 50);
      let length = 0;
      for (let node = x.node; node.inputs.length > 0; node = node.inputs[0]!.node) length++;
      expect(length).toBeGreaterThanOrEqual(keptReads);
      expect(length).toBeLessThan(2 * keptReads);
      expect(() => gradients([reduceSum(x, [0])], [start])).toThrow("add");
    });

    it("hold no rule of a custom gradient behind a cut: it would hold the tensors it speaks about", async () => {
      let x = vector(0);
      for (let i = 0; i < 2 * keptReads + 2; i++) {
        const before = x;
        x = withGradient(negate(before), [before], (cotangent) => [multiply(cotangent, before)]);
        await x.data();
      }
      let { node } = x;
      while (!node.cut) node = node.inputs[0]!.node.inputs[0]!.node;
      expect(node.primitive.gradient).toBeNull();
      expect(x.node.primitive.gradient).not.toBeNull();
    });
  });

  describe("variables", () => {
    it("run nothing when they are assigned", async () => {
      const v = new Variable([1, 2], { name: "v" });
      const before = cacheCounts();
      v.assign(add(v.read(), v.read()));
      v.assign(add(v.read(), v.read()));
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(cacheCounts()).toEqual(before);
      expect(await v.data()).toEqual(Float32Array.of(4, 8));
    });

    it("are all stored by one program when anything is read", async () => {
      const a = new Variable([1]);
      const b = new Variable([2]);
      a.assign(add(a.read(), vector(1)));
      b.assign(multiply(a.read(), b.read()));
      const before = cacheCounts();
      await negate(vector(1)).data();
      expect(cacheCounts().misses - before.misses).toBe(1);
      expect(a.state.latest).toBeUndefined();
      const counts = cacheCounts();
      expect(await a.data()).toEqual(Float32Array.of(2));
      expect(await b.data()).toEqual(Float32Array.of(4));
      expect(cacheCounts()).toEqual(counts);
    });

    it("keep the value that a live tensor captured, whatever is assigned and stored later", async () => {
      const v = new Variable([1]);
      const old = v.read();
      const double = add(old, old);
      v.assign(add(v.read(), vector(10)));
      await v.data();
      v.assign(add(v.read(), vector(100)));
      expect(await v.data()).toEqual(Float32Array.of(111));
      expect(await double.data()).toEqual(Float32Array.of(2));
      expect(await old.data()).toEqual(Float32Array.of(1));
    });

    it("give the same leaf until they are assigned", async () => {
      const v = new Variable([1]);
      const first = v.read();
      expect(v.read()).toBe(first);
      v.assign([2]);
      const second = v.read();
      expect(second).not.toBe(first);
      await v.data();
      expect(v.read()).toBe(second);
    });

    it("start lazily, all at once", async () => {
      let made = 0;
      const v = new Variable(() => (made++, exp(vector(0, 0))), { shape: [2] });
      expect(made).toBe(0);
      expect(await v.data()).toEqual(Float32Array.of(1, 1));
      expect(await v.data()).toEqual(Float32Array.of(1, 1));
      expect(made).toBe(1);
    });

    it("refuse values of another shape or dtype", () => {
      const v = new Variable([1, 2], { name: "w" });
      expect(() => {
        v.assign([1, 2, 3]);
      }).toThrow('Variable "w"');
      expect(() => {
        v.assign(indices(1, 2));
      }).toThrow("dtype");
      expect(() => new Variable([1, 2], { shape: [3] })).toThrow("shape");
    });

    it("keep their values where an assign fails", async () => {
      const v = new Variable([1, 2]);
      v.assign(at(v.read(), 5, 0));
      await expect(v.data()).rejects.toThrow(IndexError);
      expect(await v.data()).toEqual(Float32Array.of(1, 2));
      v.assign(at(v.read(), 1, 0));
      expect(await v.data()).toEqual(Float32Array.of(2, 1));
    });

    it("stop gradients at their assigns, and give gradients to what is read", async () => {
      const x = vector(3);
      const v = new Variable([1]);
      v.assign(multiply(x, x));
      const y = reduceSum(multiply(v.read(), v.read()), [0]);
      const [byX, byV] = gradients([y], [x, v]);
      expect(await byX!.data()).toEqual(Float32Array.of(0));
      expect(await byV!.data()).toEqual(Float32Array.of(18));
    });

    it("can be assigned from one another, in any order", async () => {
      const a = new Variable([1]);
      const b = new Variable([2]);
      const [oldA, oldB] = [a.read(), b.read()];
      a.assign(oldB);
      b.assign(stopGradient(oldA));
      expect(await a.data()).toEqual(Float32Array.of(2));
      expect(await b.data()).toEqual(Float32Array.of(1));
    });

    it("share nothing with the data they were made of", async () => {
      const data = Float32Array.of(1, 2);
      const v = new Variable(data);
      data[0] = 9;
      expect(await v.data()).toEqual(Float32Array.of(1, 2));
      (await v.data())[0] = 7;
      expect(await v.data()).toEqual(Float32Array.of(1, 2));
    });
  });
});

describe("back-ends", () => {
  it("take the variables along when another one is chosen", async () => {
    await setBackend("kernels");
    registerBackend("second", createReferenceBackend);
    const v = new Variable([1]);
    v.assign(add(v.read(), vector(1)));
    await v.data();
    await setBackend("second");
    v.assign(add(v.read(), vector(1)));
    expect(await v.data()).toEqual(Float32Array.of(3));
    await setBackend("reference");
    expect(await v.data()).toEqual(Float32Array.of(3));
  });

  it("name the nearest one for a name that is not known", async () => {
    await expect(setBackend("refrence")).rejects.toThrow('did you mean "reference"');
  });
});
