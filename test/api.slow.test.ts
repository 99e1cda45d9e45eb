import { describe, expect, it } from "vitest";
import { publicApi, recordedApi } from "../scripts/api.ts";

describe("the public API", () => {
  it("is the one printed in api/ (where a change is meant: npm run api, and look at the difference)", () => {
    const now = publicApi();
    const recorded = recordedApi();
    expect([...recorded.keys()].sort()).toEqual([...now.keys()].sort());
    for (const [name, text] of now) expect(recorded.get(name), name).toBe(text);
  });
});
