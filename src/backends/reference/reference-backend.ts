/** The reference back-end: the oracle that the others are tested against. Slow, plain, float64 accumulation. */
import { dtypes, hostArray, type TypedArray } from "../../dtype/index.ts";
import { InternalError } from "../../errors.ts";
import { type NdArray, sizeOf, type Subgraph, type TensorType } from "../../graph/index.ts";
import type { DeviceBuffer, Executable, GraphBackend, RunArguments } from "../backend.ts";
import { interpretSteps } from "./interpreter.ts";

/** How long a run may hold the event loop. */
const sliceMs = 8;

class ReferenceBuffer implements DeviceBuffer {
  readonly type: TensorType;
  readonly #held: { bytes: number };
  values: TypedArray;

  constructor(type: TensorType, held: { bytes: number }) {
    this.type = type;
    this.values = hostArray(type.dtype, sizeOf(type.shape));
    this.#held = held;
    held.bytes += this.values.byteLength;
  }

  write(values: TypedArray): void {
    if (values.length !== this.values.length) {
      throw new InternalError("reference back-end", `a buffer of ${this.values.length} elements was given ${values.length}`);
    }
    // A new array: results that alias the old one keep their values.
    this.values = values.slice();
  }

  read(): TypedArray {
    return this.values.slice();
  }

  free(): void {
    this.#held.bytes -= this.values.byteLength;
    this.values = hostArray(this.type.dtype, 0);
  }
}

/** Makes the reference back-end. */
export function createReferenceBackend(): GraphBackend {
  const held = { bytes: 0 };
  return {
    form: "graph",
    name: "reference",
    info: () => ({ target: "interpreter in TypeScript", threads: 1, accumulation: "float64" }),
    allocate: (type) => new ReferenceBuffer(type, held),
    bytesHeld: () => held.bytes,
    interpret: (graph, counts) => new ReferenceExecutable(graph, counts),
  };
}

class ReferenceExecutable implements Executable {
  readonly #graph: Subgraph;
  readonly #writtenStates: readonly number[];
  #kept: readonly TypedArray[] = [];

  constructor(graph: Subgraph, counts: { readonly writtenStates: readonly number[] }) {
    this.#graph = graph;
    this.#writtenStates = counts.writtenStates;
  }

  run(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    const types = this.#graph.parameters.map((parameter) => parameter.node.types[parameter.index]!);
    const data = [
      ...args.arguments.map((values) => values.slice()),
      ...args.states.map((state) => (state as ReferenceBuffer).values),
      ...args.scalars.map((value, i) => {
        const scalar = hostArray(types[args.arguments.length + args.states.length + i]!.dtype, 1);
        scalar[0] = value;
        return scalar;
      }),
    ];
    types.forEach((type, i) => {
      if (data[i]?.length !== sizeOf(type.shape) || !(data[i] instanceof dtypes[type.dtype].array)) {
        throw new InternalError(
          "reference back-end",
          `argument ${i} does not have the declared type`,
          `${type.dtype} [${type.shape.join(", ")}]`,
        );
      }
    });
    const steps = interpretSteps(
      this.#graph,
      types.map((type, i): NdArray => ({ ...type, data: data[i]! })),
    );
    return this.#slice(steps, args);
  }

  /** Runs steps until they are done or the slice is over; then the rest runs in further macrotasks. */
  #slice(steps: Generator<void, NdArray[]>, args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    const end = performance.now() + sliceMs;
    do {
      args.signal?.throwIfAborted();
      const step = steps.next();
      if (step.done === true) return this.#finish(step.value, args);
    } while (performance.now() < end);
    return new Promise<void>((resume) => setTimeout(resume, 0)).then(() => this.#slice(steps, args));
  }

  #finish(values: readonly NdArray[], args: RunArguments): TypedArray[] {
    const first = values.length - this.#writtenStates.length;
    // All states are written from values computed before: a swap of two states works.
    this.#writtenStates.forEach((state, i) => args.states[state]!.write(values[first + i]!.data));
    const results = values.slice(0, first).map((value) => value.data.slice());
    this.#kept = args.reads === false ? results : [];
    return args.reads === false ? [] : results;
  }

  read(): TypedArray[] {
    return this.#kept.map((values) => values.slice());
  }

  free(): void {
    // Nothing is held outside the JavaScript heap.
  }
}
