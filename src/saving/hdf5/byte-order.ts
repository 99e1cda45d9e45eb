/** Byte order of numbers. */

/** Bytes in little-endian order: the same where they are, else a copy. */
export function inOrder(bytes: Uint8Array, { size, swapped }: { readonly size: number; readonly swapped: boolean }): Uint8Array {
  if (!swapped || size === 1) return bytes;
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) for (let i = 0; i < size; i++) out[at + i] = bytes[at + size - 1 - i]!;
  return out;
}
