import { expect, it } from "vitest";
import { BackendError } from "../errors.ts";
import { hostArray } from "./index.ts";

it("arrays that the host has no memory for are refused with their size", () => {
  expect(hostArray("bfloat16", 3)).toEqual(new Float32Array(3));
  expect(() => hostArray("float64", 2 ** 50)).toThrow(BackendError);
  expect(() => hostArray("float64", 2 ** 50)).toThrow(/1125899906842624 elements of float64 \(8388608\.0 GiB\)/);
});
