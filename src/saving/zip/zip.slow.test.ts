import { expect, it } from "vitest";
import { crc32 } from "./crc32.ts";

it("bytes of more than 2 GiB have the checksum of their parts", () => {
  const bytes = new Uint8Array(2 ** 31 + 12);
  bytes[5] = 1;
  bytes[2 ** 31 + 7] = 2;
  const partBytes = 2 ** 29;
  let parts = 0;
  for (let at = 0; at < bytes.length; at += partBytes) parts = crc32(bytes.subarray(at, at + partBytes), parts);
  expect(crc32(bytes)).toBe(parts);
});
