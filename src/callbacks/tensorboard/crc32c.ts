/** CRC-32C (Castagnoli), and TensorFlow's mask of it. */

const table = /* @__PURE__ */ makeTable(0x82f63b78);

/** Remainders of all bytes by a reflected polynomial. */
export function makeTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest >>> 0;
  });
}

/** CRC of bytes by a table of remainders. */
export function crc(bytes: Uint8Array, remainders: Uint32Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = remainders[(rest ^ byte) & 0xff]! ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  return crc(bytes, table);
}

/** CRC-32C, rotated and shifted so that CRCs of CRCs are no weakness: what TFRecord files hold. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
