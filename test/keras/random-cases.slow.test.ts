/**
 * Random cases of Keras (scripts/random-cases): those of a folder that NABLA_CASES names. Configurations are written with
 * the keys that Keras 3.4 knows, so that only its are compared.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.ts";
import { type Case, testedBackends } from "./cases.ts";
import { knownReason } from "./known-differences.ts";
import { checkCase } from "./random-case.ts";

const folder = process.env["NABLA_CASES"];

interface Group {
  /** The version of Keras that recorded them. */
  readonly keras: string;
  readonly group: string;
  readonly cases: readonly Case[];
}

const groups: Group[] =
  folder === undefined || !existsSync(folder)
    ? []
    : readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Group);

if (groups.length === 0) console.log("skipped: NABLA_CASES names no folder of random cases (scripts/random-cases writes one)");

for (const backend of testedBackends) {
  describe.skipIf(groups.length === 0)(`random cases on ${backend}`, () => {
    beforeAll(() => setBackend(backend));
    it("holds cases", () => expect(groups.flatMap((group) => group.cases)).not.toEqual([]));
    it.each(groups.map((group) => [group.group, group] as const))("%s", async (group, { keras, cases }) => {
      const wrong: string[] = [];
      const known = new Map<string, number>();
      for (const entry of cases) {
        const problem = await checkCase(group, entry, { sameConfig: keras.startsWith("3.4.") });
        const call = JSON.stringify(entry["call"] ?? {}).replace(/"data":"[^"]*"/g, "");
        const reason = problem === null ? null : knownReason(entry, problem);
        if (reason !== null) known.set(reason, (known.get(reason) ?? 0) + 1);
        else if (problem !== null) wrong.push(`${entry.id} ${JSON.stringify(entry["kwargs"])} ${call.slice(0, 200)}: ${problem}`);
      }
      for (const [reason, count] of known) console.log(`${group}, ${count} known to differ: ${reason}`);
      console.log(`${group} on ${backend}: ${cases.length - wrong.length}/${cases.length}\n${wrong.join("\n")}`);
      expect(wrong).toEqual([]);
    });
  });
}
