/** Memory of variables on a machine. */
import type { DeviceBuffer } from "../../backend.ts";
import { dtypes, type StoredElements, type TypedArray } from "../../../dtype/index.ts";
import { ShapeError, StateError } from "../../../errors.ts";
import { sizeOf, type TensorType } from "../../../graph/index.ts";
import type { MachineMemory, MemoryBlock } from "./machine.ts";

/** Place of a buffer: shared with the registry, which must not hold the buffer itself. */
class Holding {
  readonly block: MemoryBlock;
  isFreed = false;

  constructor(block: MemoryBlock) {
    this.block = block;
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    this.block.release();
  }
}

let revisions = 0;

const orphans = new FinalizationRegistry<Holding>((holding) => {
  holding.free();
});

/** Values of a variable; freed by hand or when the object is collected. */
export class DeviceMemory implements DeviceBuffer {
  readonly type: TensorType;
  readonly memory: MachineMemory;
  readonly #where: string;
  readonly #holding: Holding;
  readonly #length: number;
  /** Changes with the values, and is no other memory's. */
  revision: number = ++revisions;

  /** `where` names the back-end in errors. Throws BackendError where memory does not suffice. */
  constructor(memory: MachineMemory, type: TensorType, where: string) {
    this.type = type;
    this.memory = memory;
    this.#where = where;
    this.#length = sizeOf(type.shape);
    this.#holding = new Holding(memory.block(this.#length * dtypes[type.dtype].bytes, `a variable of shape [${type.shape.join(", ")}]`));
    orphans.register(this, this.#holding, this);
  }

  /** Address. Throws StateError once freed. */
  pointer(): number {
    if (this.#holding.isFreed) throw new StateError({ where: this.#where, problem: "memory of a variable is used after it was freed" });
    return this.#holding.block.address;
  }

  /** Says that generated code writes the values. */
  touch(): void {
    this.revision = ++revisions;
  }

  write(values: TypedArray): void {
    if (values.length !== this.#length) {
      throw new ShapeError({
        where: this.#where,
        problem: "values do not fill a variable",
        expected: `${this.#length} elements`,
        received: `${values.length} elements`,
      });
    }
    this.touch();
    this.#view().set(values);
  }

  read(): TypedArray {
    return this.#view().slice();
  }

  free(): void {
    orphans.unregister(this);
    this.#holding.free();
  }

  #view(): StoredElements {
    return this.memory.view(this.type.dtype, this.pointer(), this.#length);
  }
}
