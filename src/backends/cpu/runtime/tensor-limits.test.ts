import { expect, it } from "vitest";
import { BackendError } from "../../../errors.ts";
import { checkTensor } from "./tensor-limits.ts";

it("what memory cannot hold in one piece, or int32 cannot count, is refused with its size", () => {
  const limits = { bytes: 2 ** 32, memory: "a memory" };
  checkTensor("here", "float32", 2 ** 30, limits);
  checkTensor("here", "uint8", 2 ** 31 - 1, limits);
  expect(() => checkTensor("here", "float32", 2 ** 30 + 1, limits)).toThrow(BackendError);
  expect(() => checkTensor("here", "float32", 2 ** 30 + 2 ** 28, limits)).toThrow(
    /here: a tensor is too large for a memory[\s\S]*at most 1073741824 elements of float32 \(4\.0 GiB\)[\s\S]*1342177280 elements \(5\.0 GiB\)/,
  );
  expect(() => checkTensor("here", "uint8", 2 ** 31, limits)).toThrow(/at most 2147483647 elements of uint8 \(2\.0 GiB\)/);
});
