/** Results that a run left in its program's memory. */
import type { Executable } from "../backends/backend.ts";
import type { TypedArray } from "../dtype/index.ts";

/** The results of one owner's last run, wherever they are: programs are shared, and another owner's run writes over them. */
export class KeptResults {
  readonly owner: object;
  readonly #executable: Executable;
  /** What was fetched before somebody else ran the program; null: still in its memory. */
  #fetched: Promise<TypedArray[]> | null = null;

  constructor(owner: object, executable: Executable) {
    this.owner = owner;
    this.#executable = executable;
  }

  /** The values. Throws what a run throws whose fault is only told when it is read. */
  read(): TypedArray[] | Promise<TypedArray[]> {
    return this.#fetched ?? this.#executable.read();
  }

  /** Takes them out of the program's memory; a fault is for whoever reads them. Resolves when another run may start. */
  async fetch(): Promise<void> {
    this.#fetched = (async (): Promise<TypedArray[]> => await this.#executable.read())();
    await this.#fetched.catch(() => undefined);
  }
}
