/** Samples of arrays in memory as elements: a row is cut out when somebody looks at it. */
import { hostArray } from "../dtype/index.ts";
import { sizeOf } from "../graph/index.ts";
import { subarray } from "./array-source.ts";
import type { HostElement, HostLeaf, Structure } from "./element.ts";
import type { ElementReader } from "./reader.ts";

/** One array of a table: the shape and the size of a row. */
interface Column {
  readonly leaf: HostLeaf;
  readonly shape: number[];
  readonly size: number;
}

/** Arrays whose rows are elements. */
export class RowTable {
  readonly structure: Structure;
  readonly columns: readonly Column[];

  constructor({ leaves, structure }: HostElement) {
    this.structure = structure;
    this.columns = leaves.map((leaf) => ({ leaf, shape: leaf.shape.slice(1), size: sizeOf(leaf.shape.slice(1)) }));
  }

  /** The first `count` of `rows`, stacked: copied from where they are, into the arrays of `into` where that is given. */
  gather(rows: Int32Array, count: number, into: HostElement | null = null): HostElement {
    const leaves: HostLeaf[] = [];
    for (let i = 0; i < this.columns.length; i++) leaves.push(gathered(this.columns[i]!, rows, count, into?.leaves[i] ?? null));
    return { leaves, structure: this.structure };
  }
}

function gathered({ leaf, shape, size }: Column, rows: Int32Array, count: number, into: HostLeaf | null): HostLeaf {
  if (leaf.dtype === "string") {
    const values: string[] = [];
    for (let i = 0; i < count; i++) for (let j = 0; j < size; j++) values.push(leaf.values[rows[i]! * size + j]!);
    return { values, shape: [count, ...shape], dtype: "string" };
  }
  const { values: source, dtype } = leaf;
  const target =
    into === null || into.dtype === "string" ? { values: hostArray(dtype, size * count), shape: [count, ...shape], dtype } : into;
  const { values } = target;
  for (let i = 0; i < count;) {
    // Rows that follow each other are copied at once.
    let run = 1;
    while (i + run < count && rows[i + run] === rows[i]! + run) run++;
    const [from, to, length] = [rows[i]! * size, i * size, run * size];
    // Copying a few numbers is faster than the call that copies many.
    if (length <= 16) for (let j = 0; j < length; j++) values[to + j] = source[from + j]!;
    else values.set(subarray(source, from, from + length), to);
    i += run;
  }
  return target;
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

  get leaves(): HostLeaf[] {
    const { row } = this;
    return this.table.columns.map(({ leaf, shape, size }): HostLeaf => {
      const [from, to] = [row * size, (row + 1) * size];
      if (leaf.dtype === "string") return { values: leaf.values.slice(from, to), shape, dtype: "string" };
      return { values: subarray(leaf.values, from, to), shape, dtype: leaf.dtype };
    });
  }
}

/** Reads the rows that `next` names (-1 at the end), as elements or as row numbers. */
export function rowReader(table: RowTable, next: () => number): ElementReader {
  return {
    rows: { table, next },
    next: () => {
      const row = next();
      return row < 0 ? undefined : new RowElement(table, row);
    },
  };
}
