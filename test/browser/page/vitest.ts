/** The part of vitest that the suites use, for a page: bundles of the suites take this file in its place. */
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import * as chai from "chai";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** vitest's matchers. */
export const expect: unknown = chai.expect;

type Body = (...args: unknown[]) => unknown;

interface Test {
  readonly name: string;
  readonly body: Body;
}

/** Suites and tests in the order in which they are declared. */
interface Suite {
  readonly name: string;
  readonly before: Body[];
  readonly after: Body[];
  readonly entries: (Suite | Test)[];
}

const root: Suite = { name: "", before: [], after: [], entries: [] };
let current = root;

function formatted(name: string, row: readonly unknown[]): string {
  let at = 0;
  return name.replace(/%[sdijo]/g, () => String(row[at++]));
}

function each(declare: (name: string, body: Body) => void) {
  return (rows: readonly unknown[]) =>
    (name: string, body: Body): void => {
      for (const row of rows) {
        const values = Array.isArray(row) ? (row as unknown[]) : [row];
        declare(formatted(name, values), () => body(...values));
      }
    };
}

function declareSuite(name: string, body: Body): void {
  const outer = current;
  current = { name, before: [], after: [], entries: [] };
  outer.entries.push(current);
  body();
  current = outer;
}

function declareTest(name: string, body: Body): void {
  current.entries.push({ name, body });
}

const never = (): void => undefined;

export const describe: unknown = Object.assign(declareSuite, {
  each: each(declareSuite),
  skipIf: (skip: boolean) => (skip ? never : declareSuite),
  runIf: (run: boolean) => (run ? declareSuite : never),
});
export const it: unknown = Object.assign(declareTest, {
  each: each(declareTest),
  skipIf: (skip: boolean) => (skip ? never : declareTest),
  runIf: (run: boolean) => (run ? declareTest : never),
});
export const test: unknown = it;

export function beforeAll(body: Body): void {
  current.before.push(body);
}

export function afterAll(body: Body): void {
  current.after.push(body);
}

/** What the page tells of a run. */
export interface PageResult {
  passed: number;
  readonly failures: string[];
}

/** Runs what was declared; `only`: tests in whose path (names of suites and test) it is found. */
export async function runDeclared(only: RegExp): Promise<PageResult> {
  const result: PageResult = { passed: 0, failures: [] };
  await runSuite(root, "", result, only);
  return result;
}

async function runSuite(suite: Suite, path: string, result: PageResult, only: RegExp): Promise<void> {
  try {
    for (const body of suite.before) await body();
    for (const entry of suite.entries) {
      const name = path === "" ? entry.name : `${path} > ${entry.name}`;
      if ("entries" in entry) await runSuite(entry, name, result, only);
      else if (only.test(name)) {
        try {
          await entry.body();
          result.passed++;
        } catch (error) {
          result.failures.push(`${name}: ${messageOf(error)}`);
        }
      }
    }
    for (const body of suite.after) await body();
  } catch (error) {
    result.failures.push(`${path} (before or after its tests): ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 2000) : String(error);
}
