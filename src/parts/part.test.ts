import { describe, expect, it } from "vitest";
import { BackendError } from "../errors.ts";
import { Part, PartMissing, withParts } from "./part.ts";

describe("parts", () => {
  it("are loaded once, when they are first used", async () => {
    let loads = 0;
    const part = new Part(() => Promise.resolve({ twice: (x: number): number => 2 * x, loads: ++loads }));
    expect(() => part.get()).toThrow(PartMissing);
    expect(loads).toBe(0);
    expect(await withParts(() => part.get().twice(3))).toBe(6);
    expect(withParts(() => part.get().twice(4))).toBe(8);
    expect(loads).toBe(1);
  });

  it("several in a row are loaded one after another", async () => {
    const [first, second] = [new Part(() => Promise.resolve(1)), new Part(() => Promise.resolve(2))];
    let starts = 0;
    const sum = (): number => {
      starts++;
      return first.get() + second.get();
    };
    expect(await withParts(sum)).toBe(3);
    expect(starts).toBe(3);
  });

  it("that were given are never loaded", () => {
    const part = new Part<string>(() => Promise.reject(new Error("loaded")));
    part.provide("given");
    expect(withParts(() => part.get())).toBe("given");
  });

  it("that cannot be loaded are a BackendError that says why, and may be tried again", async () => {
    let isOnline = false;
    const part = new Part(() => (isOnline ? Promise.resolve("there") : Promise.reject(new TypeError("Failed to fetch"))));
    const run = async (): Promise<string> => await withParts(() => part.get());
    await expect(run()).rejects.toThrow(BackendError);
    await expect(run()).rejects.toThrow(/could not be loaded[\s\S]*Failed to fetch/);
    isOnline = true;
    expect(await run()).toBe("there");
  });

  it("leaves other errors as they are", () => {
    expect(() =>
      withParts(() => {
        throw new RangeError("own");
      }),
    ).toThrow(RangeError);
  });
});
