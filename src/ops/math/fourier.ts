/**
 * Discrete Fourier transforms of one axis, as products with small matrices (Cooley and Tukey 1965): a length n1 n2 is n1
 * transforms of length n2, a turn by twiddle factors, and n2 transforms of length n1. Short lengths are one product with
 * their matrix; a length with a large prime factor becomes a convolution of a power of two (Bluestein 1970). Factors are
 * computed in float64. All of it is linear, so gradients are those of the products.
 */
import { concreteShape, dataTensor, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { broadcast, castTo, constantLike } from "../promote.ts";
import { sliceAxis } from "../numpy/shaping.ts";

/** Lengths up to this are one product. */
const longestProduct = 32;
/** Prime factors up to this are products; larger ones take Bluestein's way. */
const largestFactor = 64;

/** A complex tensor: real and imaginary part of one shape. */
export type Pair = readonly [real: Tensor, imaginary: Tensor];

function factor(angle: (place: number) => number, shape: readonly number[], dtype: Tensor["dtype"]): Pair {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const table = (f: (x: number) => number): Tensor =>
    castTo(dataTensor(Float64Array.from({ length: size }, (_, place) => f(angle(place))), [...shape], "float64"), dtype); // prettier-ignore
  return [table(Math.cos), table(Math.sin)];
}

/** `x y`, elementwise. */
function times([a, b]: Pair, [c, d]: Pair): Pair {
  return [P.subtract(P.multiply(a, c), P.multiply(b, d)), P.add(P.multiply(a, d), P.multiply(b, c))];
}

/** A complex matrix [m, n] applied to the last axis: [.., n] -> [.., m]. */
function applied([a, b]: Pair, [c, d]: Pair): Pair {
  const dot = (x: Tensor, y: Tensor): Tensor =>
    P.dotGeneral(x, y, { lhsBatch: [], rhsBatch: [], lhsContract: [x.rank - 1], rhsContract: [1] });
  return [P.subtract(dot(a, c), dot(b, d)), P.add(dot(a, d), dot(b, c))];
}

/** The largest divisor of n up to `longestProduct`, or the smallest prime factor where there is none; n itself for primes. */
function divisorOf(n: number): number {
  for (let d = Math.min(longestProduct, n - 1); d > 1; d--) if (n % d === 0) return d;
  for (let d = longestProduct + 1; d * d <= n; d++) if (n % d === 0) return d;
  return n;
}

/** `out[k] = sum of x[j] e^(sign 2 pi i j k / n)` along the last axis, unscaled. */
export function transformed(x: Pair, sign: 1 | -1): Pair {
  const shape = concreteShape(x[0]);
  const lead = shape.slice(0, -1);
  const n = shape.at(-1)!;
  const { dtype } = x[0];
  if (n <= 1) return x;
  // Angles of j k mod n: exact however large j k is.
  const angle = (product: number): number => (sign * 2 * Math.PI * (product % n)) / n;
  const first = n <= longestProduct ? n : divisorOf(n);
  if (first === n) {
    if (n > largestFactor) return convolved(x, sign);
    return applied(
      x,
      factor((place) => angle(Math.floor(place / n) * (place % n)), [n, n], dtype),
    );
  }
  const second = n / first;
  // j = second j1 + j2, k = k1 + first k2.
  const square = (part: Tensor): Tensor => P.reshape(part, [...lead, first, second]);
  const swap = (part: Tensor): Tensor => {
    const rank = part.rank;
    return P.transpose(part, [...lead.map((_, axis) => axis), rank - 1, rank - 2]);
  };
  const swapped = (pair: Pair): Pair => [swap(pair[0]), swap(pair[1])];
  const columns = transformed(swapped([square(x[0]), square(x[1])]), sign);
  // [.., j2, k1]
  const twiddle = factor((place) => angle(Math.floor(place / first) * (place % first)), [second, first], dtype);
  const spread = (table: Tensor): Tensor => broadcast(table, [...lead, second, first]);
  const turned = times(columns, [spread(twiddle[0]), spread(twiddle[1])]);
  // [.., k1, j2] -> [.., k1, k2] -> [.., k2, k1]
  const rows = swapped(transformed(swapped(turned), sign));
  return [P.reshape(rows[0], shape), P.reshape(rows[1], shape)];
}

/** Bluestein: j k = (j^2 + k^2 - (k - j)^2) / 2 makes the transform a convolution, which a power of two transforms. */
function convolved(x: Pair, sign: 1 | -1): Pair {
  const shape = concreteShape(x[0]);
  const lead = shape.slice(0, -1);
  const n = shape.at(-1)!;
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const { dtype } = x[0];
  const chirpAngle = (j: number): number => (sign * Math.PI * ((j * j) % (2 * n))) / n;
  const chirp = factor(chirpAngle, [n], dtype);
  const spread = (table: Tensor, length: number): Tensor => broadcast(table, [...lead, length]);
  const padTo = (part: Tensor): Tensor => {
    const zeros = concreteShape(part).map(() => 0);
    return P.pad(part, P.constant(0, dtype), zeros, zeros.map((_, axis) => (axis === lead.length ? size - n : 0))); // prettier-ignore
  };
  const [a, b] = times(x, [spread(chirp[0], n), spread(chirp[1], n)]);
  const kernel = bluesteinKernel(n, size, chirpAngle, dtype);
  const product = times(transformed([padTo(a), padTo(b)], -1), [spread(kernel[0], size), spread(kernel[1], size)]);
  const back = transformed(product, 1);
  const cut = (part: Tensor): Tensor => {
    const kept = sliceAxis(part, lead.length, 0, n);
    return P.divide(kept, constantLike(size, kept));
  };
  return times([cut(back[0]), cut(back[1])], [spread(chirp[0], n), spread(chirp[1], n)]);
}

/** The transform of the conjugate chirp, wrapped around: a table. */
function bluesteinKernel(n: number, size: number, chirpAngle: (j: number) => number, dtype: Tensor["dtype"]): Pair {
  const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
  for (let j = 0; j < n; j++) {
    for (const place of j === 0 ? [0] : [j, size - j]) {
      real[place] = Math.cos(-chirpAngle(j));
      imaginary[place] = Math.sin(-chirpAngle(j));
    }
  }
  fastTransform(real, imaginary);
  return [castTo(dataTensor(real, [size], "float64"), dtype), castTo(dataTensor(imaginary, [size], "float64"), dtype)];
}

/** In place, forward, a power of two, on the host: for tables. */
function fastTransform(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [real[i], real[j]] = [real[j]!, real[i]!];
    [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
  }
  for (let length = 2; length <= n; length *= 2) {
    for (let start = 0; start < n; start += length) {
      for (let k = 0; k < length / 2; k++) {
        const angle = (-2 * Math.PI * k) / length;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const [even, odd] = [start + k, start + k + length / 2];
        const re = real[odd]! * c - imaginary[odd]! * s;
        const im = real[odd]! * s + imaginary[odd]! * c;
        real[odd] = real[even]! - re;
        imaginary[odd] = imaginary[even]! - im;
        real[even]! += re;
        imaginary[even]! += im;
      }
    }
  }
}
