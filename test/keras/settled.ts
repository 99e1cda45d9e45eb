/** Results that are settled only up to something: signs of eigenvectors, the order inside a partition. */
import { sizeOf, type NdArray } from "../../src/graph/index.ts";
import { type Case, decode, type StoredArray } from "./cases.ts";

/** What an op gave, brought to the choice that the stored outputs made where any choice is right. */
export function settled(entry: Case, values: readonly NdArray[]): readonly NdArray[] {
  const stored = (entry["outputs"] as StoredArray[]).map(decode);
  switch (entry["op"]) {
    case "ops.argpartition":
      return [{ ...values[0]!, data: partition(values[0]!, stored[0]!, (entry["args"] as number[])[1]!) }];
    case "ops.eigh":
      return [values[0]!, vectors(values[1]!, stored[1]!, 1, values[0]!.shape.at(-1)!)];
    case "ops.svd": {
      const k = values[1]!.shape.at(-1)!;
      return [vectors(values[0]!, stored[0]!, 1, k), values[1]!, vectors(values[2]!, stored[2]!, 0, k)];
    }
    default:
      return values;
  }
}

/** The stored positions where both name the same elements up to `kth` and behind: TensorFlow's Keras keeps no order in the first part. */
function partition(found: NdArray, stored: NdArray, kth: number): Int32Array {
  const part = (array: NdArray, from: number, to: number): string =>
    Array.from(array.data.slice(from, to))
      .sort((a, b) => a - b)
      .join();
  const same = [
    [0, kth + 1],
    [kth + 1, found.data.length],
  ].every(([from, to]) => part(found, from!, to!) === part(stored, from!, to!));
  return Int32Array.from(same ? stored.data : found.data);
}

/**
 * Columns (axis 1) or rows (axis 0) of matrices with the signs of the stored ones. Those from `count` on only complete a
 * basis: the stored ones where ours are orthonormal.
 */
function vectors(found: NdArray, stored: NdArray, axis: 0 | 1, count: number): NdArray {
  const [m, n] = found.shape.slice(-2) as [number, number];
  const data = Float64Array.from(found.data);
  const [vectorCount, length] = axis === 1 ? [n, m] : [m, n];
  for (let batch = 0; batch < sizeOf(found.shape.slice(0, -2)); batch++) {
    const place = (vector: number, i: number): number => batch * m * n + (axis === 1 ? i * n + vector : vector * n + i);
    const dot = (a: ArrayLike<number>, v: number, b: ArrayLike<number>, w: number): number => {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += a[place(v, i)]! * b[place(w, i)]!;
      return sum;
    };
    for (let vector = 0; vector < vectorCount; vector++) {
      if (vector < count) {
        if (dot(data, vector, stored.data, vector) < 0) for (let i = 0; i < length; i++) data[place(vector, i)]! *= -1;
        continue;
      }
      const others = Array.from({ length: vectorCount }, (_, other) => dot(found.data, vector, found.data, other));
      if (others.every((value, other) => Math.abs(value - (other === vector ? 1 : 0)) < 1e-5)) {
        for (let i = 0; i < length; i++) data[place(vector, i)] = stored.data[place(vector, i)]!;
      }
    }
  }
  return { ...found, data: Float32Array.from(data) };
}
