import { describe, expect, it } from "vitest";
import { evaluate } from "../backends/reference/index.ts";
import { dataTensor } from "../graph/index.ts";
import { bucketOf, concatenateFingerprints, farmHash64, integerBuckets, type Salt, sipHash } from "./index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("hashes of texts", () => {
  it("are TensorFlow's buckets", () => {
    const letters = ["A", "B", "C", "D", "E"];
    const buckets = (salt: Salt | null): number[] => letters.map((letter) => bucketOf(letter, 3, salt));
    expect(buckets(null)).toEqual([1, 0, 1, 1, 2]);
    expect(buckets([133, 137])).toEqual([1, 2, 1, 0, 2]);
    expect(buckets([133, 133])).toEqual([0, 0, 2, 1, 0]);
    expect(["Hello", "TF"].map((text) => bucketOf(text, 3, [1, 2]))).toEqual([2, 0]);
  });

  it("are FarmHash's fingerprints for every range of lengths", () => {
    // The three of eleven bytes and fewer stand in BigQuery's documentation of FARM_FINGERPRINT; the others come from the C++ code.
    expect(BigInt.asIntN(64, farmHash64(bytes("1footrue")))).toBe(-1541654101129638711n);
    expect(BigInt.asIntN(64, farmHash64(bytes("2applefalse")))).toBe(2794438866806483259n);
    expect(BigInt.asIntN(64, farmHash64(bytes("3true")))).toBe(-4880158226897771312n);
    const text = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => 33 + ((i * 7919 + n * 31 + i * i) % 90));
    const recorded = [
      [0, 11160318154034397263n],
      [3, 1102156563194112041n],
      [7, 6832845171818747054n],
      [16, 17103647568565969803n],
      [17, 17051092820248078805n],
      [24, 493276504676488263n],
      [32, 17740910827030641460n],
      [33, 3563811454040291735n],
      [50, 821830376423925455n],
      [64, 3725161495840273984n],
      [65, 15058693189766839522n],
      [100, 4197045345501458604n],
      [129, 9551499908539290829n],
      [200, 10714863327087999079n],
    ] as const;
    for (const [n, fingerprint] of recorded) expect(farmHash64(text(n))).toBe(fingerprint);
  });

  it("are SipHash-2-4 of the paper's vectors", () => {
    const key: [bigint, bigint] = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n];
    const message = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i);
    expect(sipHash(message(0), key)).toBe(0x726fdb47dd0e0e31n);
    expect(sipHash(message(15), key)).toBe(0xa129ca6149be45e5n);
    expect(sipHash(message(63), key)).toBe(0x958a324ceb064572n);
  });

  it("cross in order", () => {
    const [a, b] = [farmHash64(bytes("A")), farmHash64(bytes("d"))];
    expect(concatenateFingerprints(concatenateFingerprints(0xdecafcaffen, a), b) % 5n).toBe(2n);
    expect(concatenateFingerprints(a, b)).not.toBe(concatenateFingerprints(b, a));
  });
});

describe("hashes of integers in a graph", () => {
  const integers = [0, 1, 9, 10, 99, 100, 999, 1234, 99999, 1234567, 12345678, 987654321, 2147483647];
  const x = Int32Array.from([...integers, ...integers.map((n) => -n), -2147483648, 314159265, -271828]);
  it.each([
    [7, null],
    [1000003, null],
    [3, [133, 137]],
    [40000, [5, -6]],
  ] as const)("are those of their decimal texts, %j buckets, salt %j", (buckets, salt) => {
    const found = evaluate([integerBuckets(dataTensor(x, [x.length], "int32"), buckets, salt)])[0]!;
    expect(Array.from(found.data)).toEqual(Array.from(x, (n) => bucketOf(String(n), buckets, salt)));
  });
});
