/** Reducers as WGSL: how elements combine, one after another or in a tree whose form the shape fixes. */
import type { ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import type { DType } from "../../../dtype/index.ts";
import { identityOf } from "../../../compiler/kernels/reducer-identity.ts";
import { literal, type ValueType, valueTypeOf, wrapped } from "./literals.ts";
import type { ModuleWriter } from "./module-writer.ts";
import { scalarText } from "./scalars.ts";

/** Variables that hold the state of one reducer. */
export class ReducerState {
  readonly name: string;
  readonly type: ValueType;
  /** argmax and argmin hold a position too; -1: none yet. */
  readonly hasPosition: boolean;
  private readonly writer: ModuleWriter;
  private readonly reducer: ReduceKernel["reducers"][number];
  private readonly valueDType: DType;

  constructor(writer: ModuleWriter, kernel: ReduceKernel, index: number) {
    this.writer = writer;
    this.reducer = kernel.reducers[index]!;
    const { reducer } = this.reducer;
    this.hasPosition = reducer === "argmax" || reducer === "argmin";
    const given = kernel.expression[this.reducer.value]!.dtype;
    this.valueDType = reducer === "any" || reducer === "all" ? "bool" : given;
    this.type = valueTypeOf(this.valueDType);
    this.name = writer.fresh("state");
  }

  /** Type in which the value is exchanged: no bool. */
  get stored(): string {
    return this.type === "bool" ? "u32" : this.type;
  }

  /** The value as it is exchanged. */
  toStored(): string {
    return this.type === "bool" ? `select(0u, 1u, ${this.name})` : this.name;
  }

  /** A value as merging takes it. */
  fromStored(value: string): string {
    return this.type === "bool" ? `${value} != 0u` : value;
  }

  /** Declares the variables with the reducer's identity. */
  declare(): void {
    const { reducer } = this.reducer;
    this.writer.line(`var ${this.name} = ${literal(this.valueDType, identityOf(reducer, this.valueDType))};`);
    if (this.hasPosition) this.writer.line(`var ${this.name}_at = -1i;`);
  }

  /** Takes one more element, whose position is not before those taken. */
  take(value: string, given: DType, position: string): void {
    const x = this.valueDType === "bool" && given !== "bool" ? scalarText("convert", [value], given, "bool") : value;
    if (!this.hasPosition) {
      this.writer.line(`${this.name} = ${this.combined(this.name, x)};`);
      return;
    }
    const better = this.beats(x, this.name);
    this.writer.line(`if ((${this.name}_at < 0i) | ${better}) { ${this.name} = ${x}; ${this.name}_at = ${position}; }`);
  }

  /** Takes the state held at `other` (texts of a value and a position). */
  merge(value: string, position: string): void {
    if (!this.hasPosition) {
      this.writer.line(`${this.name} = ${this.combined(this.name, value)};`);
      return;
    }
    const ties = `(!(${this.beats(this.name, value)}) & (${position} < ${this.name}_at))`;
    this.writer.line(
      `if ((${position} >= 0i) & ((${this.name}_at < 0i) | ${this.beats(value, this.name)} | ${ties})) { ${this.name} = ${value}; ${this.name}_at = ${position}; }`,
    );
  }

  /** The finished value. */
  result(): string {
    const { dtype } = this.reducer;
    if (this.hasPosition) return `max(${this.name}_at, 0i)`;
    if (valueTypeOf(dtype) !== this.type) return scalarText("convert", [this.name], this.valueDType, dtype);
    return wrapped(this.name, dtype);
  }

  /** Whether x is chosen over an earlier y: larger (smaller), or the first NaN. */
  private beats(x: string, y: string): string {
    const comparison = scalarText(this.reducer.reducer === "argmax" ? "greater" : "less", [x, y], this.valueDType, "bool");
    return this.type === "f32" ? `(${comparison} | (is_nan(${x}) & !is_nan(${y})))` : comparison;
  }

  private combined(x: string, y: string): string {
    const dtype = this.valueDType;
    switch (this.reducer.reducer) {
      case "sum":
        return this.type === "bool" ? `(${x} | ${y})` : `${x} + ${y}`;
      case "prod":
        return this.type === "bool" ? `(${x} & ${y})` : `${x} * ${y}`;
      case "max":
        return scalarText("maximum", [x, y], dtype, dtype);
      case "min":
        return scalarText("minimum", [x, y], dtype, dtype);
      case "any":
        return `${x} | ${y}`;
      case "all":
        return `${x} & ${y}`;
      case "argmax":
      case "argmin":
        return x;
    }
  }
}
