/** Machine code through koffi, an optional package with its binaries inside. */
import { constants } from "node:buffer";
import { createRequire } from "node:module";
import { BackendError } from "../errors.ts";
import type { NativeAccess, NativeType } from "./native.ts";

/** What is used of koffi 3. */
interface Koffi {
  load(path: string | null): { symbol(name: string): bigint | number };
  proto(result: string, parameters: readonly string[]): object;
  decode(address: number, prototype: object): (...values: (number | bigint)[]) => number;
  view(address: number, bytes: number): ArrayBuffer;
  readonly version: string;
  readonly node: { readonly env: bigint | number };
}

const types: Readonly<Record<NativeType, string>> = { address: "uint64", int32: "int32", void: "void" };
/** Where functions are looked for beside what the process has loaded: glibc (its threads apart before 2.34), musl. */
const libraries = [null, "libc.so.6", "libpthread.so.0", "libc.musl-x86_64.so.1"];

let access: NativeAccess | undefined;

/** Loads koffi. Throws BackendError where it is not installed or may not be loaded. */
export function loadNative(): NativeAccess {
  return (access ??= open());
}

function open(): NativeAccess {
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)("koffi") as Koffi;
  } catch (error) {
    throw new BackendError({
      where: "native code",
      problem: "koffi, which calls machine code, cannot be loaded",
      received: error instanceof Error ? error.message.split("\n")[0]! : String(error),
      advice: "npm install koffi",
    });
  }
  if (!koffi.version.startsWith("3.")) {
    throw new BackendError({
      where: "native code",
      problem: "this version of koffi is not supported",
      expected: "3",
      received: koffi.version,
      advice: "npm install koffi@3",
    });
  }
  const prototypes = new Map<string, object>();
  const prototypeOf = (parameters: readonly NativeType[], result: NativeType): object => {
    const key = [...parameters, result].join();
    let found = prototypes.get(key);
    if (found === undefined) {
      found = koffi.proto(
        types[result],
        parameters.map((type) => types[type]),
      );
      prototypes.set(key, found);
    }
    return found;
  };
  const symbol = (name: string): number | undefined => {
    for (const library of libraries) {
      try {
        return Number(koffi.load(library).symbol(name));
      } catch {
        // The next library may have it.
      }
    }
    return undefined;
  };
  const bind: NativeAccess["bind"] = (address, parameters, result) => koffi.decode(address, prototypeOf(parameters, result));
  return {
    system: process.platform,
    architecture: process.arch,
    symbol,
    bind,
    // Node ends the process where more is wished for.
    largestView: constants.MAX_LENGTH,
    // Node does not transfer buffers that addons make. Not said again by markAsUntransferable: newer Node cannot end a thread then.
    view: (address, bytes) => koffi.view(address, bytes),
    atThreadEnd: (cleanup, argument) => {
      const environment = Number(koffi.node.env);
      const hook = (name: string): ((...values: number[]) => number) => {
        const address = symbol(name);
        if (address === undefined) throw new BackendError({ where: "native code", problem: `the host does not export ${name}` });
        return bind(address, ["address", "address", "address"], "int32");
      };
      const remove = hook("napi_remove_env_cleanup_hook");
      hook("napi_add_env_cleanup_hook")(environment, cleanup, argument);
      return () => void remove(environment, cleanup, argument);
    },
  };
}
