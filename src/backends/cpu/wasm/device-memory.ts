/** Memory of variables in the heap. */
import type { DeviceBuffer } from "../../backend.ts";
import type { TypedArray } from "../../../dtype/index.ts";
import { dtypes } from "../../../dtype/index.ts";
import { ShapeError, StateError } from "../../../errors.ts";
import { sizeOf, type TensorType } from "../../../graph/index.ts";
import type { Heap } from "./heap.ts";

/** Place of a buffer: shared with the registry, which must not hold the buffer itself. */
class Holding {
  readonly heap: Heap;
  readonly place: number;
  isFreed = false;

  constructor(heap: Heap, place: number) {
    this.heap = heap;
    this.place = place;
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    this.heap.release(this.place);
  }
}

const orphans = new FinalizationRegistry<Holding>((holding) => {
  holding.free();
});

/** Values of a variable in a heap; freed by hand or when the object is collected. */
export class DeviceMemory implements DeviceBuffer {
  readonly type: TensorType;
  readonly heap: Heap;
  private readonly holding: Holding;
  private readonly length: number;

  /** Throws BackendError where memory does not suffice. */
  constructor(heap: Heap, type: TensorType) {
    this.type = type;
    this.heap = heap;
    this.length = sizeOf(type.shape);
    this.holding = new Holding(
      heap,
      heap.allocate(this.length * dtypes[type.dtype].bytes, `a variable of shape [${type.shape.join(", ")}]`),
    );
    orphans.register(this, this.holding, this);
  }

  /** Address. Throws StateError once freed. */
  pointer(): number {
    if (this.holding.isFreed) throw new StateError({ where: "wasm back-end", problem: "memory of a variable is used after it was freed" });
    return this.holding.place;
  }

  write(values: TypedArray): void {
    if (values.length !== this.length) {
      throw new ShapeError({
        where: "wasm back-end",
        problem: "values do not fill a variable",
        expected: `${this.length} elements`,
        received: `${values.length} elements`,
      });
    }
    this.heap.write(this.type.dtype, this.pointer(), values);
  }

  read(): TypedArray {
    return this.heap.read(this.type.dtype, this.pointer(), this.length);
  }

  free(): void {
    orphans.unregister(this);
    this.holding.free();
  }
}
