/** The checksum of zip files (ISO 3309), eight bytes at a time (Kounavis and Berry 2005). */

/** tables[k][b]: what byte b does to the checksum k bytes later. */
const tables: readonly Int32Array[] = /* @__PURE__ */ makeTables();

function makeTables(): Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const all = [first];
  for (let k = 1; k < 8; k++) all.push(all[k - 1]!.map((value) => first[value & 255]! ^ (value >>> 8)));
  return all;
}

/** The checksum of bytes; `before` is that of the bytes in front of them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let crc = ~before;
  let at = 0;
  const aligned = Math.min(bytes.length, -bytes.byteOffset & 3);
  for (; at < aligned; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  // Not by shifts, which are of int32: there are parts of more than 2 GiB.
  const count = Math.floor((bytes.length - at) / 4);
  const words = count === 0 ? new Int32Array(0) : new Int32Array(bytes.buffer, bytes.byteOffset + at, count);
  const pairs = words.length - (words.length % 2);
  for (let i = 0; i < pairs; i += 2) {
    const low = words[i]! ^ crc;
    const high = words[i + 1]!;
    crc =
      t7[low & 255]! ^
      t6[(low >>> 8) & 255]! ^
      t5[(low >>> 16) & 255]! ^
      t4[low >>> 24]! ^
      t3[high & 255]! ^
      t2[(high >>> 8) & 255]! ^
      t1[(high >>> 16) & 255]! ^
      t0[high >>> 24]!;
  }
  for (at += pairs * 4; at < bytes.length; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
