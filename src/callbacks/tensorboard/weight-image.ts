/** Weights as grey images. */

/** Pixels [images, height, width, 1], least weight black, largest white. */
export interface WeightImage {
  readonly pixels: Uint8Array;
  readonly shape: readonly [number, number, number, 1];
}

/** A weight as an image, as Keras arranges it: extents of 1 are left out, vectors are columns, matrices lie; null for rank 4 and more. */
export function weightImage(values: ArrayLike<number>, shape: readonly number[]): WeightImage | null {
  const extents = shape.filter((extent) => extent !== 1);
  const total = extents.reduce((product, extent) => product * extent, 1);
  if (total === 0 || extents.length > 3) return null;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < total; i++) {
    if (!Number.isFinite(values[i])) continue;
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const grey = (index: number): number => {
    const value = values[index]!;
    if (!Number.isFinite(value) || low === high) return 0;
    return Math.round((255 * (value - low)) / (high - low));
  };
  const arranged = (
    images: number,
    height: number,
    width: number,
    at: (image: number, row: number, column: number) => number,
  ): WeightImage => {
    const pixels = new Uint8Array(total);
    let next = 0;
    for (let image = 0; image < images; image++)
      for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) pixels[next++] = grey(at(image, row, column));
    return { pixels, shape: [images, height, width, 1] };
  };
  const [a = 1, b = 1, c = 1] = extents;
  if (extents.length < 2) return arranged(1, a, 1, (_, row) => row);
  if (extents.length === 2)
    return a > b ? arranged(1, b, a, (_, row, column) => column * b + row) : arranged(1, a, b, (_, row, column) => row * b + column);
  return arranged(c, a, b, (image, row, column) => (row * b + column) * c + image);
}
