/** Buckets of texts: a hash modulo their number. */
import { farmHash64 } from "./farmhash64.ts";
import { sipHash } from "./siphash.ts";

/** A key of two integers; with one, SipHash takes the place of FarmHash. */
export type Salt = readonly [number, number];

const encoder = /* @__PURE__ */ new TextEncoder();

/** The bucket of a text (its UTF-8 bytes) among `buckets`: FarmHash64, or SipHash under `salt`. */
export function bucketOf(text: string, buckets: number, salt: Salt | null): number {
  const bytes = encoder.encode(text);
  const hash = salt === null ? farmHash64(bytes) : sipHash(bytes, [BigInt(salt[0]), BigInt(salt[1])]);
  return Number(hash % BigInt(buckets));
}
