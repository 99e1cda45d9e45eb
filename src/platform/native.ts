/** Calls into machine code of this process, where the host allows them. */

/** How an argument or a result is passed. Addresses are numbers: those of user space are below 2^47. */
export type NativeType = "address" | "int32" | "void";

/** The process as machine code sees it. */
export interface NativeAccess {
  /** Node's names: `linux`, `darwin`, ...; `x64`, `arm64`, ... */
  readonly system: string;
  readonly architecture: string;
  /** Address of a function that the C library, the threads' library or the host exports; undefined where there is none. */
  symbol(name: string): number | undefined;
  /** A function of the platform's C calling convention at an address. Bind once and keep it: a call takes about 50 ns. */
  bind(address: number, parameters: readonly NativeType[], result: NativeType): (...values: number[]) => number;
  /** Bytes of the largest view. */
  readonly largestView: number;
  /**
   * At most `largestView` bytes at an address, without a copy. They must stay mapped as long as anything uses the buffer,
   * which no thread can transfer.
   */
  view(address: number, bytes: number): ArrayBuffer;
  /**
   * Calls the C function `cleanup(argument)` when the thread of this JavaScript environment ends, also where it is
   * terminated; returns a function that takes this back.
   */
  atThreadEnd(cleanup: number, argument: number): () => void;
}
