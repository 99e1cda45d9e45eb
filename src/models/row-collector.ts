/** The outputs of batches, as whole arrays. */
import { type DType, hostArray, type TypedArray } from "../dtype/index.ts";
import { ShapeError } from "../errors.ts";
import { type ConcreteShape, dataTensor, flattenTree, formatShape, sameShape, sizeOf, unflattenTree } from "../graph/index.ts";

/** One output, growing. */
interface Leaf {
  values: TypedArray;
  readonly rowShape: ConcreteShape;
  readonly dtype: DType;
}

/** Collects the outputs of batches into whole arrays. */
export class RowCollector {
  #rows: number;
  #tree: unknown = null;
  #leaves: Leaf[] | null = null;
  #filled = 0;

  /** `rows`: how many there will be, if that is known. */
  constructor(rows: number) {
    this.#rows = rows;
  }

  /** Adds the outputs of one batch. Throws ShapeError where they do not fit those before. */
  add({ tree, values }: { readonly tree: unknown; readonly values: readonly TypedArray[] }): void {
    const tensors = flattenTree(tree);
    this.#tree ??= tree;
    this.#leaves ??= tensors.map(({ shape, dtype }) => {
      const rowShape = shape.slice(1) as ConcreteShape;
      return { values: hostArray(dtype, this.#rows * sizeOf(rowShape)), rowShape, dtype };
    });
    const rows = tensors[0]!.dim(0);
    if (this.#filled + rows > this.#rows) this.#grow(Math.max(this.#filled + rows, 2 * this.#rows));
    values.forEach((part, index) => {
      const { values: whole, rowShape } = this.#leaves![index]!;
      const shape = tensors[index]!.shape.slice(1);
      if (!sameShape(shape, rowShape))
        throw new ShapeError({
          where: "predict",
          problem: "the outputs of two batches have different shapes",
          expected: formatShape(rowShape),
          received: formatShape(shape),
          advice: "use predictOnBatch for each, or batches of one shape",
        });
      whole.set(part, this.#filled * sizeOf(rowShape));
    });
    this.#filled += rows;
  }

  #grow(rows: number): void {
    this.#rows = rows;
    for (const leaf of this.#leaves!) {
      const larger = hostArray(leaf.dtype, rows * sizeOf(leaf.rowShape));
      larger.set(leaf.values);
      leaf.values = larger;
    }
  }

  /** The whole arrays, in the structure of the outputs; null where there was no batch. */
  result(): unknown {
    if (this.#leaves === null) return null;
    return unflattenTree(
      this.#tree,
      this.#leaves.map(({ values, rowShape, dtype }) => {
        const exact = this.#filled === this.#rows ? values : values.slice(0, this.#filled * sizeOf(rowShape));
        return dataTensor(exact, [this.#filled, ...rowShape], dtype);
      }),
    );
  }
}
