/**
 * Layers and models under policies of two bytes, and models whose masks meet initial states: a few of the random cases that
 * scripts/random-cases recorded from Keras 3.4.1.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.ts";
import { type Case, testedBackends } from "./cases.ts";
import { checkCase } from "./random-case.ts";

const file = new URL("../fixtures/keras/policies_and_models.json.gz", import.meta.url);
const groups = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as readonly { group: string; cases: readonly Case[] }[];
const cases = groups.flatMap(({ group, cases }) => cases.map((entry) => [entry.id, group, entry] as const));

describe("policies and models", () => {
  beforeAll(() => setBackend(testedBackends[0]!));

  it.each(cases)("%s gives Keras's numbers and dtypes", async (_, group, entry) => {
    expect(await checkCase(group, entry, { sameConfig: true })).toBeNull();
  });
});
