/** A back-end that runs compiled programs by evaluating their kernels point by point: the oracle of the compiler's tests. */
import "../compiler/complete.ts";
import type { DeviceBuffer, Executable, KernelBackend, RunArguments } from "../backends/backend.ts";
import { runNaive } from "../backends/cpu/loops/naive-kernel.ts";
import type { Program, Stage } from "../compiler/program.ts";
import type { Limits, Target } from "../compiler/target.ts";
import { dtypes, hostArray, type TypedArray } from "../dtype/index.ts";
import { IndexError } from "../errors.ts";
import { sizeOf, type TensorType } from "../graph/index.ts";

const unlimited: Limits = {
  buffersPerKernel: 64,
  alignmentBytes: 64,
  maxBufferBytes: 2 ** 32,
  dtypes: ["float32", "float64", "int32", "uint8", "bool"],
  sharedArena: true,
  rowsFrom: 2,
};

/** Contractions stay as they are. */
export function naiveTarget(limits: Limits = unlimited): Target {
  return { name: "naive", limits, scheduleContract: (bound) => ({ kernels: [bound], temporaries: [] }) };
}

/** A back-end of one thread and no generated code. Arena buffers that share bytes share memory here too. */
export function createNaiveBackend(limits: Limits = unlimited): KernelBackend {
  return {
    form: "kernels",
    name: "naive",
    target: naiveTarget(limits),
    info: () => ({ target: "naive" }),
    allocate: naiveBuffer,
    load: (program) => new NaiveExecutable(program),
    bytesHeld: () => 0,
  };
}

const held = new WeakMap<DeviceBuffer, TypedArray>();

function naiveBuffer(type: TensorType): DeviceBuffer {
  const values = hostArray(type.dtype, sizeOf(type.shape));
  const buffer: DeviceBuffer = { type, write: (from) => values.set(from), read: () => values.slice(), free: () => undefined };
  held.set(buffer, values);
  return buffer;
}

class NaiveExecutable implements Executable {
  private readonly program: Program;
  private kept: readonly TypedArray[] = [];

  constructor(program: Program) {
    this.program = program;
  }

  run(args: RunArguments): TypedArray[] {
    const { program } = this;
    const arenas = program.arenas.map((bytes) => new ArrayBuffer(bytes + 64));
    const iteration = new Map<number, number>();
    const trips = new Map<number, number>();
    const parts = new Map<string, TypedArray>();
    const view = (id: number): TypedArray => {
      const { dtype, elements, place } = program.buffers[id]!;
      switch (place.kind) {
        case "argument":
          return args.arguments[place.index]!;
        case "state":
          return held.get(args.states[place.index]!)!;
        case "constant":
          return place.data;
        case "arena": {
          const key = `${place.arena}|${place.offset}|${dtype}|${elements}`;
          let part = parts.get(key);
          if (part === undefined) {
            const array = hostArray(dtype, 0).constructor as new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray;
            parts.set(key, (part = new array(arenas[place.arena] ?? new ArrayBuffer(64), place.offset, elements)));
          }
          return part;
        }
        case "slice": {
          const i = iteration.get(place.loop)!;
          const at = (place.reverse ? trips.get(place.loop)! - 1 - i : i) * (place.strideBytes / dtypes[dtype].bytes);
          return view(place.of).subarray(at, at + elements);
        }
        case "alternate":
          return view(iteration.get(place.loop)! % 2 === 0 ? place.even : place.odd);
        case "lane": {
          // Slices run one after another, in the first lane.
          const region = view(place.of);
          const array = hostArray(dtype, 0).constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;
          return new array(region.buffer, region.byteOffset + place.offset, elements);
        }
      }
    };
    const run = (stages: readonly Stage[]): void => {
      for (const stage of stages) {
        if (stage.kind === "parallel") {
          for (const index of stage.kernels) {
            const { kernel, buffers, scalars } = program.kernels[index]!;
            const fault = runNaive(kernel, { buffers: buffers.map(view), scalars: scalars.map((i) => args.scalars[i]!) });
            if (fault === null) continue;
            throw new IndexError({
              where: kernel.label,
              problem: "an index is out of range",
              expected: `0 to ${fault.extent - 1}`,
              received: String(fault.index),
            });
          }
        } else if (stage.kind === "loop") {
          for (let i = 0; i < stage.trips; i++) {
            if (stage.condition !== null && view(stage.condition)[0] === 0) break;
            iteration.set(stage.loop, i);
            trips.set(stage.loop, stage.trips);
            run(stage.body);
          }
        } else run(view(stage.condition)[0] !== 0 ? stage.then : stage.else);
      }
    };
    run(program.stages);
    const results = program.results.map(({ buffer }) => view(buffer).slice());
    this.kept = args.reads === false ? results : [];
    return args.reads === false ? [] : results;
  }

  read(): TypedArray[] {
    return this.kept.map((values) => values.slice());
  }

  free(): void {
    // Nothing is held.
  }
}
