/** SipHash-2-4 (Aumasson, Bernstein 2012), as TensorFlow hashes texts into buckets with a key. */

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const rotateLeft = (x: bigint, by: bigint): bigint => u64((x << by) | (x >> (64n - by)));

/** SipHash-2-4 of bytes under a key of two 64-bit words: 0 <= result < 2^64. */
export function sipHash(bytes: Uint8Array, key: readonly [bigint, bigint]): bigint {
  const [k0, k1] = [u64(key[0]), u64(key[1])];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = u64(v0 + v1);
      v1 = rotateLeft(v1, 13n) ^ v0;
      v0 = rotateLeft(v0, 32n);
      v2 = u64(v2 + v3);
      v3 = rotateLeft(v3, 16n) ^ v2;
      v0 = u64(v0 + v3);
      v3 = rotateLeft(v3, 21n) ^ v0;
      v2 = u64(v2 + v1);
      v1 = rotateLeft(v1, 17n) ^ v2;
      v2 = rotateLeft(v2, 32n);
    }
  };
  const absorb = (word: bigint): void => {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  const whole = bytes.length - (bytes.length % 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += 8) absorb(view.getBigUint64(at, true));
  let last = BigInt(bytes.length & 0xff) << 56n;
  for (let at = whole; at < bytes.length; at++) last |= BigInt(bytes[at]!) << BigInt(8 * (at - whole));
  absorb(last);
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}
