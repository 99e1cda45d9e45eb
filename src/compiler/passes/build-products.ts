/** Contractions of other dtypes than floats of at most four bytes, which are rare: a reduction of the products. */
import type { DType } from "../../dtype/index.ts";
import type { Block } from "../draft.ts";
import type { Axis } from "../kernels/kernel.ts";
import { Expression, type KernelBuilder } from "../kernels/kernel-builder.ts";
import { common } from "./push-map.ts";

/** Accesses of a contraction, and its axes. */
export interface ProductAccesses {
  readonly axes: readonly Axis[];
  readonly lhs: number;
  readonly rhs: number;
  readonly out: number;
}

/** Sums of products, or whether any pair of booleans is true. */
export function buildProducts(block: Block, builder: KernelBuilder, at: ProductAccesses, dtype: DType, label: string): void {
  const isLogical = dtype === "bool";
  const expression = new Expression();
  const x = expression.add({ op: "load", access: at.lhs, dtype });
  const y = expression.add({ op: "load", access: at.rhs, dtype });
  const value = expression.add({ op: "scalar", f: isLogical ? "and" : "multiply", args: [x, y], dtype });
  block.push(
    builder.bound({
      kind: "reduce",
      ...common(builder, at.axes, label),
      expression: expression.entries,
      reducers: [{ reducer: isLogical ? "any" : "sum", value, dtype }],
      epilogue: [{ op: "accumulator", index: 0, dtype }],
      stores: [{ access: at.out, value: 0 }],
    }),
  );
}
