import { describe, expect, it } from "vitest";
import { BackendError } from "../../../errors.ts";
import { chooseThreads } from "./choose-threads.ts";

const bounds = { where: "a back-end", most: 64, usual: 8 };

describe("chooseThreads", () => {
  const host = (environment: Record<string, string>, hardware: number): Host => ({
    concurrency: () => hardware,
    environment: (name) => environment[name],
  });
  type Host = NonNullable<Parameters<typeof chooseThreads>[2]>;

  it("takes the option, then NABLA_THREADS, then at most 8 of the hardware's", () => {
    expect(chooseThreads(3, bounds, host({ NABLA_THREADS: "5" }, 16))).toBe(3);
    expect(chooseThreads(undefined, bounds, host({ NABLA_THREADS: "5" }, 16))).toBe(5);
    expect(chooseThreads(undefined, bounds, host({}, 16))).toBe(8);
    expect(chooseThreads(undefined, bounds, host({}, 2))).toBe(2);
  });

  it("refuses what is not a number of threads", () => {
    expect(() => chooseThreads(undefined, bounds, host({ NABLA_THREADS: "many" }, 2))).toThrow(BackendError);
    expect(() => chooseThreads(0, bounds, host({}, 2))).toThrow(/E_BACKEND/);
  });
});
