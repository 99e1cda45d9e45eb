/** Samples of arrays in memory as elements: a row is cut out when somebody looks at it. */
import { type HostValues, sizeOf } from "../graph/index.ts";
import { subarray } from "./array-source.ts";
import type { HostElement, Structure } from "./element.ts";

/** Arrays whose rows are elements. */
export class RowTable {
  readonly structure: Structure;
  readonly columns: readonly {
    readonly values: HostValues["values"];
    readonly dtype: HostValues["dtype"];
    readonly shape: number[];
    readonly size: number;
  }[];

  constructor({ leaves, structure }: HostElement) {
    this.structure = structure;
    this.columns = leaves.map(({ values, shape, dtype }) => ({ values, dtype, shape: shape.slice(1), size: sizeOf(shape.slice(1)) }));
  }
}

/** One row of a table. */
export class RowElement implements HostElement {
  readonly table: RowTable;
  readonly row: number;

  constructor(table: RowTable, row: number) {
    this.table = table;
    this.row = row;
  }

  get structure(): Structure {
    return this.table.structure;
  }

  get leaves(): HostValues[] {
    const { row } = this;
    return this.table.columns.map(({ values, dtype, shape, size }) => ({
      values: subarray(values, row * size, (row + 1) * size),
      shape,
      dtype,
    }));
  }
}
