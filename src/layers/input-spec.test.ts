import { describe, expect, it } from "vitest";
import { layers, ops, type Tensor } from "../index.ts";
import { checkInputSpec } from "./input-spec.ts";

describe("InputSpec", () => {
  it("is Keras's names for what is demanded of a shape", () => {
    const spec = layers.InputSpec({ shape: [null, 3, null], axes: { [-1]: 4 } });
    expect(spec).toEqual({ rank: 3, axes: { 1: 3, [-1]: 4 } });
    expect(() => checkInputSpec("Mine", [7, 3, 4], spec)).not.toThrow();
    expect(() => checkInputSpec("Mine", [null, 3, null], spec)).not.toThrow();
    expect(() => checkInputSpec("Mine", [7, 3, 5], spec)).toThrow(/last axis/);
    expect(() => checkInputSpec("Mine", [7, 2, 4], spec)).toThrow(/axis 1/);
    expect(() => checkInputSpec("Mine", [7, 3], spec)).toThrow(/number of axes/);
    const between = layers.InputSpec({ minNdim: 2, maxNdim: 3 });
    expect(() => checkInputSpec("Mine", [7], between)).toThrow(/too few/);
    expect(() => checkInputSpec("Mine", [7, 1, 1, 1], between)).toThrow(/too many/);
    expect(() => layers.InputSpec({ ndims: 3 } as never)).toThrow(/ndim/);
  });

  it("is checked before a layer of one's own is built", () => {
    class Checked extends layers.Layer {
      static override readonly className: string = "Checked";
      override inputSpec: ReturnType<typeof layers.InputSpec> | null = layers.InputSpec({ ndim: 2 });
      override call(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Checked({ name: "checked" })(ops.ones([2, 3, 4]))).toThrow(/Checked "checked".*\n.*2 axes/);
  });
});
