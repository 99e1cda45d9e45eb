/** Traced functions: a function over tensors and variables as one program per signature of its arguments. */
import type { Backend, DeviceBuffer } from "../backends/backend.ts";
import type { DType, TypedArray } from "../dtype/index.ts";
import { InternalError, ShapeError } from "../errors.ts";
import {
  type ConcreteShape,
  flattenTree,
  formatShape,
  type Node,
  parameterTensor,
  sameShape,
  sizeOf,
  StateFlight,
  type StateMemory,
  type StateVersion,
  type Tensor,
  trace,
  type Variable,
  type VariableState,
  versionOf,
} from "../graph/index.ts";
import { withParts } from "../parts/part.ts";
import { currentBackend } from "./backends.ts";
import { isPending, type PendingAssign, storeAssigns } from "./evaluator.ts";
import { makePlan, type Plan } from "./plan.ts";
import type { KeptResults } from "./kept-results.ts";
import { type LoadedProgram, programFor } from "./program-cache.ts";
import { hasStoredValue, Resident, residentOn, storedValues } from "./resident.ts";
import { bindVersion, runPlan } from "./run-plan.ts";
import { runQueue } from "./run-queue.ts";

/** Shape and dtype of an argument. */
export interface ArgumentType {
  readonly shape: ConcreteShape;
  readonly dtype: DType;
}

/** An argument of a run. */
export interface ArgumentValues extends ArgumentType {
  readonly values: TypedArray;
}

/** Signatures that one traced function keeps; the ones not used for longest go first. */
export const maximumSignatures = 32;

/** Options of a run. */
export interface RunOptions {
  /** Stops a long run between slices; variables are then as before. */
  readonly signal?: AbortSignal | undefined;
  /**
   * False: the results may stay in the back-end's memory, and the list of results is then empty; `readLast` gives them.
   * Default true.
   */
  readonly reads?: boolean | undefined;
  /** True: the results go to tensors, which give copies of them only (`RunArguments.held`). Default false. */
  readonly held?: boolean | undefined;
  /** Called with the results of a run that returned a promise, or its error, before anything else runs. */
  readonly deliver?: ((results: readonly TypedArray[]) => void) | undefined;
  readonly fail?: ((error: unknown) => void) | undefined;
}

/** A program with what it was built for. */
interface Built {
  readonly backend: Backend;
  readonly plan: Plan;
  readonly program: LoadedProgram | undefined;
  /** Where the states were in the last run, if that is all a run has to look at. */
  quick: Quick | undefined;
}

/** States and their memory, in the program's order. */
interface Quick {
  readonly program: LoadedProgram;
  readonly residents: readonly (StateMemory | undefined)[];
  readonly buffers: readonly DeviceBuffer[];
  readonly isWritten: readonly boolean[];
}

/** What the trace for one signature found. */
interface Signature {
  readonly types: readonly ArgumentType[];
  readonly sizes: readonly number[];
  readonly parameters: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly reads: ReadonlyMap<Node, VariableState>;
  readonly updates: readonly { readonly state: VariableState; readonly value: Tensor }[];
  /** Every variable that is read or assigned. */
  readonly states: readonly VariableState[];
  /** What `f` returned. */
  readonly tree: unknown;
  built: Built | undefined;
  /** Values of tensors that the function captured, as they were when the program was built. */
  frozen: readonly TypedArray[] | undefined;
}

/** Gives programs back when the function that held them is gone. */
const abandoned = new FinalizationRegistry<Set<LoadedProgram>>((held) => {
  for (const program of held) program.release();
});

/**
 * `f` as a compiled function: traced once per signature (shapes and dtypes of the arguments), then run as one program,
 * in which the variables it reads and assigns stay in the back-end's memory. A training step is one of these.
 * Tensors that `f` captures from outside are constants, with the value they had at the first run.
 */
export class Traced {
  readonly #f: (...args: Tensor[]) => unknown;
  /** Used last first. */
  #signatures: Signature[] = [];
  readonly #held = new Set<LoadedProgram>();
  /** The results of the last run, where it left them in its program's memory. */
  #kept: KeptResults | undefined;

  /** `f` gives a tree of tensors; a run gives their values in `flattenTree`'s order. */
  constructor(f: (...args: Tensor[]) => unknown) {
    this.#f = f;
    abandoned.register(this, this.#held);
  }

  /**
   * Runs with these arguments (read before this returns) and gives copies of the results: at once where the program is
   * short and nothing else is running, else as a promise. Throws what `f` and the back-end throw; variables are then as
   * before. Throws ShapeError where an argument's values do not fill its shape.
   */
  run(args: readonly ArgumentValues[], options: RunOptions = {}): TypedArray[] | Promise<TypedArray[]> {
    const signature = this.#signature(args);
    this.#kept = undefined;
    for (let i = 0; i < args.length; i++) {
      if (args[i]!.values.length !== signature.sizes[i]) {
        throw new ShapeError({
          where: "Traced",
          problem: `argument ${i} does not fill its shape`,
          expected: `${signature.sizes[i]} elements for ${formatShape(args[i]!.shape)}`,
          received: `${args[i]!.values.length} elements`,
        });
      }
    }
    const quick = this.#quickRun(signature, args, options);
    if (quick !== undefined) return quick;
    const built = this.#ready(signature);
    if (built === undefined) {
      const copies = args.map(({ values }) => values.slice());
      return this.#runLater(signature, () => copies, options);
    }
    return runQueue.run(() => {
      const flights: StateFlight[] = [];
      const results = this.#execute(
        signature,
        built,
        args.map(({ values }) => values),
        flights,
        options,
      );
      if (!(results instanceof Promise)) return results;
      flights.push(...takeOff(signature));
      return settled(results, signature, flights, options);
    });
  }

  /** Like `run`, for values that can only be had when the run's turn has come. */
  runWhen(
    types: readonly ArgumentType[],
    values: () => TypedArray[] | Promise<TypedArray[]>,
    options: RunOptions = {},
  ): Promise<TypedArray[]> {
    return this.#runLater(this.#signature(types), values, options);
  }

  /** The results of the last run, which left them in the back-end's memory. */
  readLast(): TypedArray[] | Promise<TypedArray[]> {
    const kept = this.#kept;
    if (kept === undefined) throw new InternalError("Traced", "the results of the last run were given to whoever asked for it");
    return runQueue.run(() => kept.read());
  }

  /** What `f` gives for such arguments, as a tree of tensors without values. Traces where the signature is new. */
  resultTree(types: readonly ArgumentType[]): unknown {
    return this.#signature(types).tree;
  }

  /** How many signatures are kept. */
  get signatureCount(): number {
    return this.#signatures.length;
  }

  #signature(types: readonly ArgumentType[]): Signature {
    const last = this.#signatures[0];
    if (last !== undefined && sameTypes(last.types, types)) return last;
    const position = this.#signatures.findIndex((known) => sameTypes(known.types, types));
    if (position > 0) {
      const [found] = this.#signatures.splice(position, 1);
      this.#signatures.unshift(found!);
      return found!;
    }
    const made = this.#traceFor(types);
    this.#signatures.unshift(made);
    while (this.#signatures.length > maximumSignatures) this.#drop(this.#signatures.pop()!);
    return made;
  }

  #traceFor(types: readonly ArgumentType[]): Signature {
    const parameters = types.map(({ shape, dtype }) => parameterTensor([...shape], dtype));
    const { result, reads, updates } = trace(() => this.#f(...parameters));
    const leaves = new Map<Node, VariableState>();
    const states = new Set<VariableState>();
    for (const [variable, leaf] of reads) {
      leaves.set(leaf.node, variable.state);
      states.add(variable.state);
    }
    for (const variable of updates.keys()) states.add(variable.state);
    return {
      types: types.map(({ shape, dtype }) => ({ shape: [...shape], dtype })),
      sizes: types.map(({ shape }) => sizeOf(shape)),
      parameters,
      results: flattenTree(result),
      reads: leaves,
      updates: [...updates].map(([variable, value]: [Variable, Tensor]) => ({ state: variable.state, value })),
      states: [...states],
      tree: result,
      built: undefined,
      frozen: undefined,
    };
  }

  /** A run in which nothing has to be moved or kept: only the program itself. Undefined where there is more to do. */
  #quickRun(signature: Signature, args: readonly ArgumentValues[], options: RunOptions): TypedArray[] | Promise<TypedArray[]> | undefined {
    const { built, frozen } = signature;
    const quick = built?.quick;
    if (built === undefined || quick === undefined || frozen === undefined || !runQueue.idle || built.backend !== currentBackend())
      return undefined;
    const { states, scalars } = built.plan;
    const { program, residents, isWritten } = quick;
    for (let i = 0; i < states.length; i++) {
      const state = states[i]!;
      if (state.memory !== residents[i] || state.latest !== undefined || state.flight !== undefined) return undefined;
      if (isWritten[i] === true && state.captured !== undefined) return undefined;
    }
    const values: TypedArray[] = [];
    for (const arg of args) values.push(arg.values);
    for (const given of frozen) values.push(given);
    const { signal, reads, held } = options;
    const job = { arguments: values, states: quick.buffers, scalars, reads: reads !== false, held: held === true };
    return runQueue.run(() => {
      const out = program.run(signal === undefined ? job : { ...job, signal }, this);
      if (reads === false) this.#kept = program.keep(this);
      if (!(out instanceof Promise)) return out;
      const flights = takeOff(signature);
      const stored = out.then((results) => {
        signature.updates.forEach(({ state }, update) => {
          bindVersion(state, landed(state, flights[update]));
        });
        return results;
      });
      return settled(stored, signature, flights, options);
    });
  }

  /** The program, where a run can start at once: nothing runs, and every variable is where the program wants it. */
  #ready(signature: Signature): Built | undefined {
    const { built, states } = signature;
    if (built === undefined || !runQueue.idle || built.backend !== currentBackend()) return undefined;
    for (const state of states)
      if (state.latest !== undefined || state.flight !== undefined || state.initialize !== undefined) return undefined;
    for (const state of built.plan.states) if (residentOn(state, built.backend) === undefined) return undefined;
    return built;
  }

  #runLater(signature: Signature, values: () => TypedArray[] | Promise<TypedArray[]>, options: RunOptions): Promise<TypedArray[]> {
    const assigns: PendingAssign[] = [];
    for (const state of signature.states) {
      state.start();
      if (state.latest !== undefined && isPending(state.latest)) assigns.push({ state, version: state.latest });
    }
    const flights = takeOff(signature);
    const job = async (): Promise<TypedArray[]> => {
      try {
        const backend = await currentBackend();
        const given = await values();
        await storeAssigns(assigns, backend);
        const built = await this.#build(signature, backend);
        const results = await this.#execute(signature, built, given, flights, options);
        options.deliver?.(results);
        return results;
      } catch (error) {
        await land(signature, flights);
        options.fail?.(error);
        throw error;
      }
    };
    return Promise.resolve(runQueue.run(job));
  }

  async #build(signature: Signature, backend: Backend): Promise<Built> {
    if (signature.built?.backend === backend) return signature.built;
    this.#drop(signature);
    const { results, updates, parameters, reads } = signature;
    const plan = makePlan({ results, updates, parameters, reads, freeze: true });
    signature.frozen ??= await Promise.all(plan.captured.map(async (tensor) => await frozenValues(tensor)));
    const program = plan.computed.length + plan.written.length > 0 ? await withParts(() => programFor(plan, backend)) : undefined;
    if (program !== undefined) {
      if (!this.#held.has(program)) program.hold();
      this.#held.add(program);
    }
    return (signature.built = { backend, plan, program, quick: undefined });
  }

  #drop(signature: Signature): void {
    const program = signature.built?.program;
    signature.built = undefined;
    if (program === undefined || this.#signatures.some((other) => other.built?.program === program)) return;
    this.#held.delete(program);
    program.release();
  }

  #execute(
    signature: Signature,
    built: Built,
    given: readonly TypedArray[],
    flights: readonly StateFlight[],
    options: RunOptions,
  ): TypedArray[] | Promise<TypedArray[]> {
    const frozen = signature.frozen;
    if (frozen === undefined) throw new InternalError("Traced", "runs before it was built");
    const leaves = options.reads === false && built.program !== undefined && isPlain(built.plan);
    const results = runPlan({
      plan: built.plan,
      program: built.program,
      backend: built.backend,
      values: frozen.length === 0 ? given : [...given, ...frozen],
      version: (state, update) => landed(state, flights[update]),
      signal: options.signal,
      reads: !leaves,
      held: options.held,
      owner: this,
    });
    if (leaves) this.#kept = built.program.keep(this);
    if (!(results instanceof Promise)) built.quick = quickOf(built);
    else
      void results.then(
        () => (built.quick = quickOf(built)),
        () => undefined,
      );
    return results;
  }
}

/** What a quick run needs, for a program whose results and updates are all its own. */
function quickOf({ plan, program }: Built): Quick | undefined {
  if (program === undefined || !isPlain(plan)) return undefined;
  const residents = plan.states.map(({ memory }) => memory);
  const buffers: DeviceBuffer[] = [];
  for (const resident of residents) {
    if (!(resident instanceof Resident)) return undefined;
    buffers.push(resident.buffer);
  }
  const isWritten = plan.states.map((_, i) => plan.written.some(({ index }) => index === i));
  return { program, residents, buffers, isWritten };
}

/** Whether all results and updates are the program's own, each result once. */
function isPlain({ copied, results, computed }: Plan): boolean {
  return copied.length === 0 && results.length === computed.length && results.every(({ kind }) => kind === "program");
}

/** The version that a step made, if anybody captured it; the step is over. */
function landed(state: VariableState, flight: StateFlight | undefined): StateVersion | undefined {
  if (flight !== undefined && state.flight === flight) state.flight = undefined;
  return flight?.version;
}

/** From here on, whoever reads a variable that the run writes means what the run leaves in it. */
function takeOff(signature: Signature): StateFlight[] {
  return signature.updates.map(({ state }) => {
    const flight = new StateFlight();
    state.flight = flight;
    state.latest = undefined;
    return flight;
  });
}

async function settled(
  running: Promise<TypedArray[]>,
  signature: Signature,
  flights: readonly StateFlight[],
  options: RunOptions,
): Promise<TypedArray[]> {
  try {
    const results = await running;
    options.deliver?.(results);
    return results;
  } catch (error) {
    await land(signature, flights);
    options.fail?.(error);
    throw error;
  }
}

/** After a step that failed: what was captured of its variables is what they were before. */
async function land(signature: Signature, flights: readonly StateFlight[]): Promise<void> {
  for (const [i, flight] of flights.entries()) {
    const { state } = signature.updates[i]!;
    if (state.flight === flight) state.flight = undefined;
    if (flight.version === undefined || !hasStoredValue(state)) continue;
    flight.version.tensor.node.values[0] = (await storedValues(state)).slice();
  }
}

function frozenValues({ node, index }: Tensor): TypedArray | Promise<TypedArray> {
  const values = node.values[index];
  if (values !== undefined) return values;
  const version = versionOf(node);
  if (version === undefined) throw new InternalError("Traced", `captured a ${node.primitive.name} without value`);
  return storedValues(version.state);
}

function sameTypes(a: readonly ArgumentType[], b: readonly ArgumentType[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i]!.dtype !== b[i]!.dtype || !sameShape(a[i]!.shape, b[i]!.shape)) return false;
  return true;
}
