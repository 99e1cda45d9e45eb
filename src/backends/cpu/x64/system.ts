/** The C library's functions for memory and threads, bound once (POSIX; numbers are Linux's on x86-64). */
import { BackendError } from "../../../errors.ts";
import type { NativeAccess, NativeType } from "../../../platform/index.ts";

const protection = { read: 1, write: 2, execute: 4 } as const;
const mapPrivateAnonymous = 0x22;
const adviseHugePages = 14;

/** Bytes of a page. */
export const pageBytes = 4096;

/** Memory mappings, and what threads are started with. */
export interface System {
  readonly access: NativeAccess;
  /** Maps zeroed pages, writable. Throws BackendError where the system gives none; `what` names the wish. */
  map(bytes: number, what: string): number;
  unmap(address: number, bytes: number): void;
  /** Takes the right to write and gives the right to execute. Throws BackendError where the system forbids it. */
  makeExecutable(address: number, bytes: number): void;
  /** Asks for pages of 2 MiB. Of no consequence where there are none. */
  adviseHugePages(address: number, bytes: number): void;
  /** Address of a function. Throws BackendError where nothing exports it. */
  symbol(name: string): number;
  bind(name: string, parameters: readonly NativeType[], result: NativeType): (...values: number[]) => number;
}

/** Binds the functions. Throws BackendError where they are not there. */
export function openSystem(access: NativeAccess): System {
  const symbol = (name: string): number => {
    const address = access.symbol(name);
    if (address === undefined) throw new BackendError({ where: "x64 back-end", problem: `the C library does not export ${name}` });
    return address;
  };
  const bind: System["bind"] = (name, parameters, result) => access.bind(symbol(name), parameters, result);
  const mmap = bind("mmap", ["address", "address", "int32", "int32", "int32", "address"], "address");
  const munmap = bind("munmap", ["address", "address"], "int32");
  const mprotect = bind("mprotect", ["address", "address", "int32"], "int32");
  const madvise = bind("madvise", ["address", "address", "int32"], "int32");
  return {
    access,
    symbol,
    bind,
    map: (bytes, what) => {
      const address = Number(mmap(0, bytes, protection.read | protection.write, mapPrivateAnonymous, -1, 0));
      // MAP_FAILED is the last address; what user space gets lies below 2^47.
      if (address >= 2 ** 47) {
        throw new BackendError({
          where: "x64 back-end",
          problem: `the system gives no memory for ${what}`,
          received: `${(bytes / 2 ** 20).toFixed(1)} MiB wished for`,
          advice: "use a smaller batch or a smaller model, or raise the limits of the process (ulimit -v, container memory)",
        });
      }
      return address;
    },
    unmap: (address, bytes) => void munmap(address, bytes),
    makeExecutable: (address, bytes) => {
      if (mprotect(address, bytes, protection.read | protection.execute) !== 0) {
        throw new BackendError({
          where: "x64 back-end",
          problem: "the system forbids executing generated code",
          advice: "allow the process to make memory executable (SELinux: execmem), or use the back-end wasm",
        });
      }
    },
    adviseHugePages: (address, bytes) => void madvise(address, bytes, adviseHugePages),
  };
}
