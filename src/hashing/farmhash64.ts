/** FarmHash's Fingerprint64, as TensorFlow hashes texts into buckets (farmhashna, https://github.com/google/farmhash). */

const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const rotate = (x: bigint, by: bigint): bigint => u64((x >> by) | (x << (64n - by)));
const shiftMix = (x: bigint): bigint => x ^ (x >> 47n);

function hashLength16(u: bigint, v: bigint, multiplier: bigint): bigint {
  let a = u64((u ^ v) * multiplier);
  a ^= a >> 47n;
  let b = u64((v ^ a) * multiplier);
  b ^= b >> 47n;
  return u64(b * multiplier);
}

/** Reads of little-endian words. */
class Words {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  u32(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }
}

function upTo16(bytes: Uint8Array, words: Words): bigint {
  const length = bytes.length;
  const n = BigInt(length);
  const multiplier = u64(k2 + n * 2n);
  if (length >= 8) {
    const a = u64(words.u64(0) + k2);
    const b = words.u64(length - 8);
    const c = u64(rotate(b, 37n) * multiplier + a);
    const d = u64((rotate(a, 25n) + b) * multiplier);
    return hashLength16(c, d, multiplier);
  }
  if (length >= 4) return hashLength16(n + (words.u32(0) << 3n), words.u32(length - 4), multiplier);
  if (length === 0) return k2;
  const y = BigInt(bytes[0]!) + (BigInt(bytes[length >> 1]!) << 8n);
  const z = n + (BigInt(bytes[length - 1]!) << 2n);
  return u64(shiftMix(u64(y * k2) ^ u64(z * k0)) * k2);
}

function from17To32(length: number, words: Words): bigint {
  const multiplier = u64(k2 + BigInt(length) * 2n);
  const a = u64(words.u64(0) * k1);
  const b = words.u64(8);
  const c = u64(words.u64(length - 8) * multiplier);
  const d = u64(words.u64(length - 16) * k2);
  return hashLength16(u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d), u64(a + rotate(u64(b + k2), 18n) + c), multiplier);
}

function from33To64(length: number, words: Words): bigint {
  const multiplier = u64(k2 + BigInt(length) * 2n);
  const a = u64(words.u64(0) * k2);
  const b = words.u64(8);
  const c = u64(words.u64(length - 8) * multiplier);
  const d = u64(words.u64(length - 16) * k2);
  const y = u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d);
  const z = hashLength16(y, u64(a + rotate(u64(b + k2), 18n) + c), multiplier);
  const e = u64(words.u64(16) * multiplier);
  const f = words.u64(24);
  const g = u64((y + words.u64(length - 32)) * multiplier);
  const h = u64((z + words.u64(length - 24)) * multiplier);
  return hashLength16(u64(rotate(u64(e + f), 43n) + rotate(g, 30n) + h), u64(e + rotate(u64(f + a), 18n) + g), multiplier);
}

/** A weak hash of the 32 bytes at `at`, with two seeds. */
function weak32(words: Words, at: number, first: bigint, second: bigint): [bigint, bigint] {
  const [w, x, y, z] = [words.u64(at), words.u64(at + 8), words.u64(at + 16), words.u64(at + 24)];
  const a = u64(first + w);
  const b = rotate(u64(second + a + z), 21n);
  const sum = u64(a + x + y);
  return [u64(sum + z), u64(b + rotate(sum, 44n) + a)];
}

function over64(length: number, words: Words): bigint {
  const seed = 81n;
  let x = u64(seed * k2 + words.u64(0));
  let y = u64(seed * k1 + 113n);
  let z = u64(shiftMix(u64(y * k2 + 113n)) * k2);
  let v: [bigint, bigint] = [0n, 0n];
  let w: [bigint, bigint] = [0n, 0n];
  const end = Math.floor((length - 1) / 64) * 64;
  const round = (at: number, multiplier: bigint, last: boolean): void => {
    x = u64(rotate(u64(x + y + v[0] + words.u64(at + 8)), 37n) * multiplier);
    y = u64(rotate(u64(y + v[1] + words.u64(at + 48)), 42n) * multiplier);
    x ^= last ? u64(w[1] * 9n) : w[1];
    y = u64(y + (last ? v[0] * 9n : v[0]) + words.u64(at + 40));
    z = u64(rotate(u64(z + w[0]), 33n) * multiplier);
    v = weak32(words, at, u64(v[1] * multiplier), u64(x + w[0]));
    w = weak32(words, at + 32, u64(z + w[1]), u64(y + words.u64(at + 16)));
    [x, z] = [z, x];
  };
  for (let at = 0; at < end; at += 64) round(at, k1, false);
  const multiplier = u64(k1 + ((z & 0xffn) << 1n));
  w[0] = u64(w[0] + BigInt((length - 1) & 63));
  v[0] = u64(v[0] + w[0]);
  w[0] = u64(w[0] + v[0]);
  round(length - 64, multiplier, true);
  return hashLength16(
    u64(hashLength16(v[0], w[0], multiplier) + shiftMix(y) * k0 + z),
    u64(hashLength16(v[1], w[1], multiplier) + x),
    multiplier,
  );
}

/** Fingerprint64 of bytes: 0 <= result < 2^64. */
export function farmHash64(bytes: Uint8Array): bigint {
  const words = new Words(bytes);
  if (bytes.length <= 16) return upTo16(bytes, words);
  if (bytes.length <= 32) return from17To32(bytes.length, words);
  return bytes.length <= 64 ? from33To64(bytes.length, words) : over64(bytes.length, words);
}

const catMultiplier = 0xc6a4a7935bd1e995n;

/** TensorFlow's FingerprintCat64: the fingerprint of two fingerprints, in order. */
export function concatenateFingerprints(first: bigint, second: bigint): bigint {
  let result = first ^ catMultiplier;
  result ^= u64(shiftMix(u64(second * catMultiplier)) * catMultiplier);
  result = u64(result * catMultiplier);
  result = u64(shiftMix(result) * catMultiplier);
  return shiftMix(result);
}
