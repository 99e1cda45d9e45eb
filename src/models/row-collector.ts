/** The outputs of batches, as whole arrays. */
import { type DType, hostArray, type TypedArray } from "../dtype/index.ts";
import { ShapeError } from "../errors.ts";
import { type ConcreteShape, dataTensor, flattenTree, formatShape, sameShape, sizeOf, unflattenTree } from "../graph/index.ts";

/** One output, growing. */
interface Leaf {
  values: TypedArray;
  /** How many rows there are. */
  filled: number;
  readonly rowShape: ConcreteShape;
  readonly dtype: DType;
}

/** Collects the outputs of batches into whole arrays, each along its first axis, as long as it is. */
export class RowCollector {
  readonly #rows: number;
  #tree: unknown = null;
  #leaves: Leaf[] | null = null;

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
      return { values: hostArray(dtype, this.#rows * sizeOf(rowShape)), filled: 0, rowShape, dtype };
    });
    values.forEach((part, index) => {
      const leaf = this.#leaves![index]!;
      const [rows, ...shape] = tensors[index]!.shape as ConcreteShape;
      if (rows === undefined || !sameShape(shape, leaf.rowShape))
        throw new ShapeError({
          where: "predict",
          problem:
            rows === undefined
              ? "an output has no axis along which batches could be joined"
              : "the outputs of two batches have different shapes",
          expected: formatShape(leaf.rowShape),
          received: formatShape(shape),
          advice: "use predictOnBatch for each, or batches of one shape",
        });
      const size = sizeOf(leaf.rowShape);
      const room = size === 0 ? Infinity : leaf.values.length / size;
      if (leaf.filled + rows > room) {
        const larger = hostArray(leaf.dtype, Math.max(leaf.filled + rows, 2 * room) * size);
        larger.set(leaf.values);
        leaf.values = larger;
      }
      leaf.values.set(part, leaf.filled * size);
      leaf.filled += rows;
    });
  }

  /** The whole arrays, in the structure of the outputs; null where there was no batch. */
  result(): unknown {
    if (this.#leaves === null) return null;
    return unflattenTree(
      this.#tree,
      this.#leaves.map(({ values, filled, rowShape, dtype }) => {
        const size = filled * sizeOf(rowShape);
        return dataTensor(size === values.length ? values : values.slice(0, size), [filled, ...rowShape], dtype);
      }),
    );
  }
}
