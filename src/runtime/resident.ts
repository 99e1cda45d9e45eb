/** Where values of variables are: on the host, or in a back-end's memory. */
import type { Backend, DeviceBuffer } from "../backends/backend.ts";
import type { TypedArray } from "../dtype/index.ts";
import { InternalError } from "../errors.ts";
import type { StateMemory, VariableState } from "../graph/index.ts";

/** A back-end's memory of one variable. */
export class Resident implements StateMemory {
  readonly backend: Backend;
  readonly buffer: DeviceBuffer;

  constructor(backend: Backend, buffer: DeviceBuffer) {
    this.backend = backend;
    this.buffer = buffer;
  }

  free(): void {
    orphans.unregister(this);
    this.buffer.free();
  }
}

/** Frees the memory of variables that nobody holds any more. */
const orphans = new FinalizationRegistry<DeviceBuffer>((buffer) => {
  buffer.free();
});

/** The resident value of a state on `backend`, if it is there already. */
export function residentOn(state: VariableState, backend: Backend): Resident | undefined {
  const memory = state.memory;
  return memory instanceof Resident && memory.backend === backend ? memory : undefined;
}

/** Memory for a state on `backend`, without a value. It belongs to the state once `settle` was called. */
export function allocateFor(state: VariableState, backend: Backend): Resident {
  return new Resident(backend, backend.allocate({ shape: state.shape, dtype: state.dtype }));
}

/** Makes `resident` the place of the state's stored value. */
export function settle(state: VariableState, resident: Resident): void {
  if (state.memory !== resident) {
    state.memory?.free();
    state.memory = resident;
    orphans.register(state, resident.buffer, resident);
  }
  state.host = undefined;
}

/** The stored value, on the host. The array must not be written. */
export function storedValues(state: VariableState): TypedArray | Promise<TypedArray> {
  if (state.memory instanceof Resident) return state.memory.buffer.read();
  if (state.host !== undefined) return state.host;
  throw new InternalError(state.label, "is read and has no stored value");
}

/** Whether the state has a stored value. */
export function hasStoredValue(state: VariableState): boolean {
  return state.memory !== undefined || state.host !== undefined;
}

/** Stores a value that is on the host: in the memory the state has on `backend`, or to be moved there when it is needed. */
export function storeHostValues(state: VariableState, values: TypedArray, backend: Backend): void {
  const resident = residentOn(state, backend);
  if (resident !== undefined) {
    resident.buffer.write(values);
    return;
  }
  state.memory?.free();
  state.memory = undefined;
  state.host = values;
}

/** Moves the stored value of a state to `backend`. */
export function moveTo(state: VariableState, backend: Backend): Resident | Promise<Resident> {
  const known = residentOn(state, backend);
  if (known !== undefined) return known;
  const put = (values: TypedArray): Resident => {
    const resident = allocateFor(state, backend);
    resident.buffer.write(values);
    settle(state, resident);
    return resident;
  };
  const values = storedValues(state);
  return values instanceof Promise ? values.then(put) : put(values);
}
