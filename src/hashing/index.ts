/** Hashes of texts, the same as TensorFlow's. */
export { bucketOf, type Salt } from "./bucket.ts";
export { concatenateFingerprints, farmHash64 } from "./farmhash64.ts";
export { integerBuckets } from "./integer-buckets.ts";
export { sipHash } from "./siphash.ts";
