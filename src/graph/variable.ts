/** Variables: named state that graphs read and assign. Assigning never runs anything. */
import { floatx } from "../config/index.ts";
import { type DType, isFloat, type TypedArray } from "../dtype/index.ts";
import { DTypeError, InternalError, ShapeError, StateError, ValueError } from "../errors.ts";
import { type HostData, hostValues } from "./host-values.ts";
import { printsAsText } from "./inspect.ts";
import { dataTensor, isSymbolic } from "./leaves.ts";
import type { Primitive } from "./primitive.ts";
import { currentScope } from "./scope.ts";
import { type ConcreteShape, formatShape, sameShape } from "./shape.ts";
import { type NestedArray, Node, Tensor, typeOf } from "./tensor.ts";
import { assignInTrace, outsideTrace, readInTrace } from "./trace.ts";

/**
 * One version of a variable. Before it is stored its input is the assigned tensor; afterwards the inputs are gone and
 * the runtime finds the value in the variable's memory. Gradients do not flow through an assignment.
 */
export const versionPrimitive: Primitive = {
  name: "version",
  infer: (inputs) => inputs,
  gradient: null,
  reference: (inputs) => inputs,
  lowering: { kind: "identity" },
  samples: () => [],
};

/** Origin of a version's node. It lives as long as the node, so that a weak reference to it tells whether anybody needs the version. */
export class StateVersion {
  readonly state: VariableState;
  readonly tensor: Tensor;

  constructor(state: VariableState, node: Node) {
    this.state = state;
    this.tensor = new Tensor(node, 0);
  }
}

/** Where a back-end keeps the value of a variable; the runtime knows more about it. */
export interface StateMemory {
  free(): void;
}

/** A step that is on its way and will write the variable: reads made meanwhile see what it leaves. */
export class StateFlight {
  /** The version that the step makes, if somebody captured it. */
  version: StateVersion | undefined;
}

/**
 * The memory of one variable. Exactly one of these holds a value: `latest` (a version that no run has stored yet),
 * `memory` or `host` (the stored value), or `initialize` (nobody asked yet). `latest` goes before `flight`, and that before the stored value.
 * Owned by the variable, written by the runtime.
 */
export class VariableState {
  readonly label: string;
  readonly shape: ConcreteShape;
  readonly dtype: DType;
  /** Makes the first value. */
  initialize: (() => Tensor) | undefined;
  /** A version that is assigned and not yet stored: the next run stores it. */
  latest: StateVersion | undefined;
  /** The last step that was started and has not ended, if it writes this variable. */
  flight: StateFlight | undefined;
  /** The version that stands for the stored value, if somebody captured it. */
  captured: WeakRef<StateVersion> | undefined;
  /** The stored value on the host. Never written in place: others may hold the array. */
  host: TypedArray | undefined;
  /** The stored value in a back-end's memory. */
  memory: StateMemory | undefined;

  /** This state, for lists that must not keep it alive. */
  weak: WeakRef<VariableState> | undefined;

  constructor(label: string, shape: ConcreteShape, dtype: DType) {
    this.label = label;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** Makes the first value, outside any trace, where there is none yet. */
  start(): void {
    const initialize = this.initialize;
    if (initialize === undefined) return;
    const value = outsideTrace(initialize);
    checkType(this, value, "its initial value");
    this.initialize = undefined;
    this.assign(value);
  }

  /** The current version. The same one until the next assign, while somebody holds it. */
  version(): StateVersion {
    this.start();
    if (this.latest !== undefined) return this.latest;
    if (this.flight !== undefined) return (this.flight.version ??= this.newVersion([]));
    const known = this.captured?.deref();
    if (known !== undefined) return known;
    const version = this.newVersion([]);
    this.captured = new WeakRef(version);
    return version;
  }

  /** A new version that is not part of the state yet; without inputs it has to be bound by who makes it. */
  newVersion(inputs: readonly Tensor[]): StateVersion {
    const node = new Node(versionPrimitive, inputs, {}, [{ shape: this.shape, dtype: this.dtype }]);
    const version = new StateVersion(this, node);
    node.origin = version;
    return version;
  }

  /** Binds the state to a new value. */
  assign(value: Tensor): void {
    this.initialize = undefined;
    this.latest = this.newVersion([value]);
    this.weak ??= new WeakRef(this);
    unstored.add(this.weak);
  }
}

/** States with a version that no run has stored. A variable that nobody holds any more needs no value. */
const unstored = new Set<WeakRef<VariableState>>();

/** States whose latest version is not stored yet, in the order of their assigns. */
export function unstoredStates(): VariableState[] {
  const states: VariableState[] = [];
  for (const weak of unstored) {
    const state = weak.deref();
    if (state?.latest === undefined) unstored.delete(weak);
    else states.push(state);
  }
  return states;
}

/** Options of a Variable. */
export interface VariableOptions {
  /** Name for messages and files. Default "variable". */
  name?: string | undefined;
  /** Name with the layers around it, separated by "/". Default: the name. */
  path?: string | undefined;
  dtype?: DType | undefined;
  /** Whether optimizers may change it. Default true. */
  trainable?: boolean | undefined;
  /** Needed where `init` is a function that has not run yet. */
  shape?: ConcreteShape | undefined;
}

/** What a variable can be set to. */
export type Assignable = Tensor | Variable | HostData;

/**
 * Named state. `read()` gives a tensor for the present value; `assign` binds a new one without running anything.
 * A Variable stands wherever a Tensor may.
 *
 * @example
 * const step = new Variable(0, { name: "step", trainable: false });
 * step.assign(step.read().add(1));
 * await step.data(); // Float32Array [1]
 */
export class Variable {
  readonly name: string;
  /** `model/dense/kernel`; set by the layer that owns it. */
  path: string;
  readonly shape: ConcreteShape;
  readonly dtype: DType;
  /** Whether optimizers may change it; looked at when a step is traced. */
  trainable: boolean;
  /** Whether what an optimizer gets as this variable's gradient is its next value, as it is. */
  overwrittenByGradient = false;
  /** What an optimizer applies to the new value after each step (`Layer.addWeight({ constraint })`); null: nothing. */
  constraint: ((value: Tensor) => Tensor) | null = null;
  /** Where the value is; for the runtime. */
  readonly state: VariableState;

  /**
   * `init`: the value, or a function that makes it when it is first needed (with `shape`, and `dtype` unless float32).
   * Throws ShapeError or DTypeError where init and options disagree.
   */
  constructor(init: Assignable | (() => Tensor), options: VariableOptions = {}) {
    this.name = options.name ?? "variable";
    this.path = options.path ?? this.name;
    this.trainable = options.trainable ?? true;
    const where = `Variable "${this.path}"`;
    if (typeof init === "function") {
      if (options.shape === undefined) {
        throw new ValueError({
          where,
          problem: "an initial value that is made later needs its shape now",
          advice: "give { shape: [...] }",
        });
      }
      this.shape = [...options.shape];
      this.dtype = options.dtype ?? floatx();
      this.state = new VariableState(where, this.shape, this.dtype);
      this.state.initialize = init;
      return;
    }
    const value = tensorOf(where, init, options.dtype, options.shape);
    const type = typeOf(value);
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.state = new VariableState(where, this.shape, this.dtype);
    if (options.shape !== undefined && !sameShape(options.shape, this.shape)) {
      throw new ShapeError({
        where,
        problem: "the initial value has another shape",
        expected: formatShape(options.shape),
        received: formatShape(this.shape),
      });
    }
    checkType({ label: where, shape: this.shape, dtype: options.dtype ?? this.dtype }, value, "its initial value");
    if (value.node.values[0] !== undefined) this.state.host = value.node.values[0];
    else this.state.assign(value);
  }

  /** The present value, as `read` gives it. */
  get value(): Tensor {
    return this.read();
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  /** The present version as a tensor: a leaf of the trace, inside one. */
  read(): Tensor {
    return lent.get(this) ?? readInTrace(this) ?? this.state.version().tensor;
  }

  /** Binds a new value, of the same shape and dtype. Runs nothing. Throws ShapeError or DTypeError. */
  assign(value: Assignable): void {
    const tensor = tensorOf(this.state.label, value, this.dtype, undefined);
    checkType(this.state, tensor, "the new value");
    const version = (t: Tensor): Tensor => this.state.newVersion([t]).tensor;
    if (!assignInTrace(this, tensor, version)) this.state.assign(tensor);
  }

  /** Elements in row-major order, a copy. Runs pending assigns. */
  async data(): Promise<TypedArray> {
    return await this.state.version().tensor.data();
  }

  /** Elements as nested arrays. */
  async array(): Promise<NestedArray> {
    return await this.state.version().tensor.array();
  }

  /** The only element of a variable of size 1. */
  async item(): Promise<number> {
    return await this.state.version().tensor.item();
  }

  /** Variables have no truth value and no number. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new ValueError({
      where: this.state.label,
      problem: "a variable is no number: its elements are computed when they are read",
      received: this.toString(),
      advice: "write `await variable.item()`, or use ops.* on it",
    });
  }

  toString(): string {
    return `Variable(${JSON.stringify(this.path)} ${this.dtype} ${formatShape(this.shape)})`;
  }

  static {
    printsAsText(this.prototype);
  }
}

const lent = new Map<Variable, Tensor>();

/**
 * Runs `f`, in which `variable.read()` gives `tensor`: for a layer that computes another one's weight in its own way.
 * A floating-point variable may be read in another precision. Throws ShapeError or DTypeError for other tensors than that.
 */
export function readingAs<T>(variable: Variable, tensor: Tensor, f: () => T): T {
  const { label, shape, dtype } = variable.state;
  checkType({ label, shape, dtype: isFloat(dtype) && isFloat(tensor.dtype) ? tensor.dtype : dtype }, tensor, "the tensor in its place");
  const before = lent.get(variable);
  lent.set(variable, tensor);
  try {
    return f();
  } finally {
    if (before === undefined) lent.delete(variable);
    else lent.set(variable, before);
  }
}

function tensorOf(where: string, value: Assignable, dtype: DType | undefined, shape: ConcreteShape | undefined): Tensor {
  if (value instanceof Variable) return value.read();
  if (value instanceof Tensor) {
    if (isSymbolic(value)) {
      throw new StateError({
        where,
        problem: "a symbolic tensor has no value to assign",
        received: value.toString(),
        advice: "assign inside a layer's call, where the tensors are concrete",
      });
    }
    return value;
  }
  const host = hostValues(where, value, { dtype, shape });
  return dataTensor(host.values, host.shape, host.dtype);
}

function checkType(
  state: { readonly label: string; readonly shape: ConcreteShape; readonly dtype: DType },
  value: Tensor,
  what: string,
): void {
  const scope = currentScope();
  const where = scope === "" ? state.label : `${scope}: ${state.label}`;
  if (!sameShape(value.shape, state.shape)) {
    throw new ShapeError({
      where,
      problem: `${what} has another shape`,
      expected: formatShape(state.shape),
      received: formatShape(value.shape),
    });
  }
  if (value.dtype !== state.dtype) {
    throw new DTypeError({
      where,
      problem: `${what} has another dtype`,
      expected: state.dtype,
      received: value.dtype,
      advice: "convert it first",
    });
  }
}

/** The version that a tensor stands for, if it is one. */
export function versionOf(node: Node): StateVersion | undefined {
  if (node.primitive !== versionPrimitive) return undefined;
  if (!(node.origin instanceof StateVersion)) throw new InternalError("version", "has no origin");
  return node.origin;
}
