/** Cases recorded from Keras: reading them, comparing with them, and a report of how many a group passes. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { type DType, dtypes, fromBfloat16, fromFloat16, type TypedArray } from "../../src/dtype/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import { dataTensor, type NdArray } from "../../src/graph/index.ts";
import { prepareVulkan } from "../../src/testing/webgpu-device.ts";

if (process.env["NABLA_BACKEND"] === "webgpu") prepareVulkan();

/** An array as the files hold it. */
export interface StoredArray {
  shape: number[];
  dtype: string;
  data: string;
}

/** One case; what its fields are depends on the group. */
export type Case = { id: string } & Record<string, unknown>;

/** The cases of a group in test/fixtures/keras. */
export function loadCases<T = Case>(group: string): T[] {
  const file = new URL(`../fixtures/keras/${group}.json.gz`, import.meta.url);
  return (JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as { cases: T[] }).cases;
}

/** Back-ends that cases run on: NABLA_BACKEND's, else the reference and WebAssembly. */
export const testedBackends: readonly string[] =
  process.env["NABLA_BACKEND"] === undefined ? ["reference", "wasm"] : [process.env["NABLA_BACKEND"]];

/** Whether a value is a stored array. */
export function isStored(value: unknown): value is StoredArray {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "data" in value;
}

/** The unit in the last place of 1 of floats of two bytes, which say how near results can be. */
const units = { float16: 2 ** -10, bfloat16: 2 ** -7 } as const;

/**
 * How near the results of a layer can be: of one that computes with floats of two bytes within a few of their units, as
 * where a sum is rounded differs between any two implementations.
 */
export function toleranceOf(entry: Case, plain: { rtol: number; atol: number }): { rtol: number; atol: number } {
  const config = (entry["serialized"] as { config: { dtype?: { config?: { name?: string } } } } | undefined)?.config;
  const dtype = /b?float16/.exec(config?.dtype?.config?.name ?? "")?.[0] as keyof typeof units | undefined;
  return dtype === undefined ? plain : { rtol: 4 * units[dtype], atol: 4 * units[dtype] };
}

/** A stored array as a host array; int64 becomes int32. */
export function decode(stored: StoredArray): NdArray {
  const bytes = Uint8Array.from(Buffer.from(stored.data, "base64"));
  const shape = stored.shape;
  switch (stored.dtype) {
    case "float32":
      return { shape, dtype: "float32", data: new Float32Array(bytes.buffer) };
    case "float16":
      return { shape, dtype: "float16", data: Float32Array.from(new Uint16Array(bytes.buffer), fromFloat16) };
    case "bfloat16":
      return { shape, dtype: "bfloat16", data: Float32Array.from(new Uint16Array(bytes.buffer), fromBfloat16) };
    case "float64":
      return { shape, dtype: "float64", data: new Float64Array(bytes.buffer) };
    case "int32":
      return { shape, dtype: "int32", data: new Int32Array(bytes.buffer) };
    case "int64":
      return { shape, dtype: "int32", data: Int32Array.from(new BigInt64Array(bytes.buffer), Number) };
    case "uint8":
      return { shape, dtype: "uint8", data: bytes };
    case "bool":
      return { shape, dtype: "bool", data: bytes };
    default:
      throw new Error(`a case holds dtype ${stored.dtype}`);
  }
}

/** A stored array as a tensor. */
export function toTensor(stored: StoredArray): Tensor {
  const { shape, dtype, data } = decode(stored);
  return dataTensor(data, shape, dtype);
}

/** "NaN", "Infinity", "-Infinity" stand for numbers in configurations. */
export function revive(value: unknown): unknown {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (isStored(value)) return toTensor(value);
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, revive(v)]));
  return value;
}

/** What an array differs in, or null: `|a - b| <= atol + rtol * max|b|`; integers and booleans exactly. */
export function difference(
  actual: { readonly shape: readonly (number | null)[]; readonly dtype: DType; readonly data: TypedArray },
  stored: StoredArray,
  { rtol, atol, skip = [] }: { rtol: number; atol: number; skip?: readonly number[] },
): string | null {
  const wanted = decode(stored);
  if (actual.shape.join() !== wanted.shape.join()) return `shape [${actual.shape.join()}] instead of [${wanted.shape.join()}]`;
  const exact = dtypes[wanted.dtype].kind !== "float";
  const finite = Array.from(wanted.data).filter(Number.isFinite).map(Math.abs);
  const bound = exact ? 0 : atol + rtol * Math.max(0, ...finite);
  for (let i = 0; i < wanted.data.length; i++) {
    if (skip.includes(i)) continue;
    const [a, b] = [actual.data[i]!, wanted.data[i]!];
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    if (!(Math.abs(a - b) <= bound)) return `element ${i} is ${a} instead of ${b} (bound ${bound})`;
  }
  return null;
}

/**
 * One test per case of a group; a case of a name that does not exist here is skipped and counted. `run` returns what is
 * wrong, or null. The last test prints passed / total and the names that were skipped.
 */
export function testCases(
  group: string,
  nameOf: (entry: Case) => string,
  exists: (name: string) => boolean,
  run: (entry: Case) => Promise<string | null> | string | null,
): void {
  const cases = loadCases(group);
  const skipped = new Set<string>();
  let [passed, present] = [0, 0];
  for (const entry of cases) {
    const name = nameOf(entry);
    if (!exists(name)) {
      skipped.add(name);
      continue;
    }
    present++;
    it(`${entry.id} gives Keras's numbers`, async () => {
      expect(await run(entry)).toBeNull();
      passed++;
    });
  }
  it(`${group}: every case of what exists here passes`, () => {
    console.log(
      `${group}: ${passed}/${present} cases pass (${cases.length} recorded)${skipped.size > 0 ? `; not here: ${[...skipped].join(", ")}` : ""}`,
    );
    expect(present).toBeGreaterThan(0);
    expect(passed).toBe(present);
  });
}

/** What a configuration differs from Keras's in, or null. Numbers may differ in the seventh digit; keys must be the same. */
export function closeConfig(actual: unknown, wanted: unknown): string | null {
  if (typeof actual === "number" && typeof wanted === "number") {
    return Math.abs(actual - wanted) <= 1e-7 * Math.max(1e-3, Math.abs(wanted)) || Object.is(actual, wanted)
      ? null
      : `${actual} instead of ${wanted}`;
  }
  if (typeof actual === "object" && typeof wanted === "object" && actual !== null && wanted !== null) {
    const [a, b] = [actual as Record<string, unknown>, wanted as Record<string, unknown>];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const problem = closeConfig(a[key], b[key]);
      if (problem !== null) return `config ${key}: ${problem}`;
    }
    return null;
  }
  return actual === wanted ? null : `${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`;
}
