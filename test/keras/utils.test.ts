/** Functions of keras.utils. */
import { beforeAll, describe } from "vitest";
import type { Tensor } from "../../src/index.ts";
import { setBackend, utils } from "../../src/index.ts";
import { camelCase, camelCaseKeys } from "../../src/serialization/index.ts";
import { type Case, decode, revive, type StoredArray, testCases } from "./cases.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

type Utility = (...args: unknown[]) => Tensor | Promise<Tensor>;
const nameOf = (entry: Case): string => (entry["function"] as string).replace("keras.utils.", "");
const utility = (name: string): Utility | undefined => (utils as Record<string, unknown>)[camelCase(name)] as Utility | undefined;

describe("utils", () => {
  testCases(
    "utils",
    nameOf,
    (name) => utility(name) !== undefined,
    async (entry) => {
      const result = await utility(nameOf(entry))!(
        ...(revive(entry["args"]) as unknown[]),
        camelCaseKeys(revive(entry["kwargs"]) as Record<string, unknown>),
      );
      const wanted = decode(entry["output"] as StoredArray);
      if (result.shape.join() !== wanted.shape.join()) return `shape ${result.shape.join()} instead of ${wanted.shape.join()}`;
      const values = await result.data();
      const wrong = values.findIndex((value, i) => Math.abs(value - wanted.data[i]!) > 1e-6);
      return wrong < 0 ? null : `element ${wrong} is ${values[wrong]} instead of ${wanted.data[wrong]}`;
    },
  );
});
