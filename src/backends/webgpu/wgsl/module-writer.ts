/** Writes one WGSL module: bindings, uniform block, statements; loads, stores and expressions of a kernel's entries. */
import type { Access, Entry, Kernel } from "../../../compiler/kernels/kernel.ts";
import { affineRange } from "../../../compiler/kernels/affine.ts";
import { storeAccesses } from "../../../compiler/passes/kernel-graph.ts";
import type { DType } from "../../../dtype/index.ts";
import { InternalError } from "../../../errors.ts";
import type { Affine } from "../../../graph/index.ts";
import { type HalfForm, type KernelCode, plainHalves, type Surroundings, type UniformWord } from "./kernel-code.ts";
import { libraryFor } from "./library.ts";
import { intLiteral, literal, valueTypeOf, wrapped } from "./literals.ts";
import { scalarText } from "./scalars.ts";
import {
  collectPart,
  lanesOf,
  storedForm,
  storedType,
  storedVector,
  storePart,
  valueOf,
  vectorType,
  widenedVector,
  wordOf,
} from "./storage.ts";

/** Where an expression is evaluated. */
export interface Place {
  /** i32 text of the position on an axis. */
  readonly axis: (axis: number) => string;
  /** Text of a finished reducer. */
  readonly accumulator?: (index: number) => string;
}

/** Text of values of entries, by position. */
export type Values = ReadonlyMap<number, string>;

/** Names of dispatched invocations: `group` is the workgroup's number in the whole grid, `lane` the invocation's in it. */
export const entryPoint = (size: number, more = ""): string =>
  `@compute @workgroup_size(${size})\nfn main(@builtin(workgroup_id) cell: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) lane: u32${more}) {`;

/** A module under construction. */
export class ModuleWriter {
  readonly surroundings: Surroundings;
  /** Text of whether no further element of this invocation follows; for buffers written word by word. */
  isLast = "true";
  private readonly half: HalfForm;
  /** Buffers of shorter elements whose words an invocation writes as a whole. */
  private readonly owned: ReadonlySet<number>;
  /** Buffers of shorter elements whose words several invocations may write. */
  private readonly atomic = new Set<number>();
  private readonly whole: Kernel;
  private part: Kernel;
  private scratchAt: (position: number, index: string) => string = () => {
    throw new InternalError("webgpu", "scratch memory outside of rows", this.whole.label);
  };
  private lines: string[] = [];
  private readonly declarations: string[] = [];
  private readonly words: UniformWord[] = [];
  private readonly wordNames = new Map<string, string>();
  private readonly written: ReadonlySet<number>;
  private readonly vectors = new Set<number>();
  private hasFault = false;
  private depth = 1;
  private names = 0;

  /** `owned`: see `wholeWords`. */
  constructor(kernel: Kernel, surroundings: Surroundings, owned: ReadonlySet<number> = new Set()) {
    this.whole = kernel;
    this.part = kernel;
    this.surroundings = surroundings;
    this.half = surroundings.limits.float16 ?? plainHalves;
    this.owned = owned;
    const parts = kernel.kind === "row" ? kernel.stages : [kernel];
    this.written = new Set(parts.flatMap((part) => storeAccesses(part).map((access) => part.accesses[access]!.buffer)));
    for (const buffer of this.written)
      if (lanesOf(kernel.buffers[buffer]?.dtype ?? "float32", this.half) > 1 && !owned.has(buffer)) this.atomic.add(buffer);
    for (const buffer of surroundings.shared) (this.written as Set<number>).add(buffer);
  }

  /** The kernel whose axes and accesses are meant: a stage while one is written. */
  get kernel(): Kernel {
    return this.part;
  }

  /**
   * Writes a stage of rows. Buffers behind those of the whole kernel are scratch memory: `scratchAt` is the text of element
   * `index` (i32) of the scratch buffer at `position`.
   */
  stage(stage: Kernel, scratchAt: (position: number, index: string) => string, write: () => void): void {
    this.part = stage;
    this.scratchAt = scratchAt;
    write();
    this.part = this.whole;
  }

  /** Adds a line at the present depth. */
  line(text: string): void {
    if (text.startsWith("}")) this.depth--;
    this.lines.push("  ".repeat(this.depth) + text);
    if (text.endsWith("{")) this.depth++;
  }

  /** Adds text before the entry point. */
  declare(text: string): void {
    this.declarations.push(text);
  }

  /** Writes a function of its own, whose body `write` adds. */
  section(header: string, write: () => void): void {
    const [outer, depth] = [this.lines, this.depth];
    this.lines = [header];
    this.depth = 1;
    write();
    this.declare([...this.lines, "}"].join("\n"));
    this.lines = outer;
    this.depth = depth;
  }

  /** A name that nothing else has. */
  fresh(stem: string): string {
    return `${stem}${this.names++}`;
  }

  /** A named value. */
  let(stem: string, text: string): string {
    const name = this.fresh(stem);
    this.line(`let ${name} = ${text};`);
    return name;
  }

  /** Binds a read buffer of floats (of two bytes or four) as vectors of four. */
  bindVectors(buffer: number): void {
    if (this.written.has(buffer)) throw new InternalError("webgpu", "a written buffer is bound as vectors", this.kernel.label);
    this.vectors.add(buffer);
  }

  /** Binds a buffer of floats that is only written as vectors of four, for `storeVector`. */
  bindWrittenVectors(buffer: number): void {
    this.vectors.add(buffer);
  }

  /** Stores the vector of four floats `name` from the element that an access names at `place` (a multiple of 4) on. */
  storeVector(position: number, place: Place, name: string): void {
    const { buffer, index } = this.kernel.accesses[position]!;
    const value = storedVector(name, this.kernel.buffers[buffer]!.dtype, this.half);
    const { guarded } = this.surroundings;
    if (guarded) this.hasFault = true;
    const text = `${this.name(buffer)}[(${this.element(buffer, this.affine(index, place))}) >> 2u] = ${value};`;
    this.line(guarded ? `if (is_healthy()) { ${text} }` : text);
  }

  /** Name of the binding that a kernel buffer is in. */
  private name(buffer: number): string {
    return `buffer${this.surroundings.joined?.bindings[buffer] ?? buffer}`;
  }

  private word(word: UniformWord, type: string, name: string): string {
    if (!this.wordNames.has(name)) {
      this.words.push(word);
      this.wordNames.set(name, type);
    }
    return `uniforms.${name}`;
  }

  /** i32 text of an axis's extent. */
  extent(axis: number): string {
    const { extent, dynamic } = this.kernel.axes[axis]!;
    return dynamic ? this.word({ kind: "extent", axis }, "i32", `extent${axis}`) : intLiteral(extent);
  }

  /** Text of a run-time scalar. */
  parameter(slot: number, dtype: DType): string {
    const type = valueTypeOf(dtype);
    const text = this.word({ kind: "scalar", slot, dtype }, type === "bool" ? "u32" : type, `scalar${slot}`);
    return type === "bool" ? `(${text} != 0u)` : text;
  }

  /** i32 text of an affine function. */
  affine({ constant, coefficients }: Affine, place: Place, skip: (axis: number) => boolean = () => false): string {
    const terms: string[] = [];
    coefficients.forEach((c, axis) => {
      if (c === 0 || skip(axis) || axis >= this.kernel.axes.length) return;
      const position = place.axis(axis);
      if (position === "0i") return;
      terms.push(c === 1 ? position : `${position} * ${intLiteral(c)}`);
    });
    if (constant !== 0 || terms.length === 0) terms.push(intLiteral(constant));
    return terms.length === 1 ? terms[0]! : `(${terms.join(" + ")})`;
  }

  /** Whether a guard holds at every point of the kernel. */
  alwaysHolds(index: Affine, limit: number): boolean {
    const [low, high] = affineRange(
      index,
      index.coefficients.map((_, axis) => this.kernel.axes[axis]?.extent ?? 1),
    );
    return low >= 0 && high < limit;
  }

  /** Condition under which an access's guards hold; null: always. */
  guards(access: Access, place: Place): string | null {
    const conditions = access.guards
      .filter(({ index, limit }) => !this.alwaysHolds(index, limit))
      .map(({ index, limit }) => `(u32(${this.affine(index, place)}) < ${limit}u)`);
    return conditions.length === 0 ? null : conditions.join(" & ");
  }

  /** The element that an access names, and the condition under which it may be touched (null: always). */
  where(position: number, place: Place, values: Values): { index: string; condition: string | null } {
    const access = this.kernel.accesses[position]!;
    let condition = this.guards(access, place);
    const terms = [this.affine(access.index, place)];
    for (const { value, stride, extent, mode, offset } of access.dynamic) {
      const moved = this.affine(offset, place);
      const given = values.get(value)!;
      const sum = this.let("index", moved === "0i" ? given : `${moved} + ${given}`);
      if (mode === "clamp") {
        terms.push(`clamp(${sum}, 0i, ${intLiteral(Math.max(0, extent - 1))}) * ${intLiteral(stride)}`);
        continue;
      }
      const isInside = this.let("inside", `u32(${sum}) < ${extent}u`);
      this.hasFault = true;
      const number = this.word({ kind: "number" }, "u32", "number");
      this.line(
        `if (${condition === null ? "" : `${condition} & `}!${isInside}) { report_fault(${number}, ${sum}, ${intLiteral(extent)}); }`,
      );
      condition = condition === null ? isInside : `${condition} & ${isInside}`;
      terms.push(`${sum} * ${intLiteral(stride)}`);
    }
    const moving = terms.filter((term) => term !== "0i");
    return { index: moving.length === 0 ? "0i" : moving.join(" + "), condition };
  }

  /** i32 text of an element's place in its binding. */
  element(buffer: number, index: string): string {
    if (!this.surroundings.moved.has(buffer)) return index;
    const base = this.word({ kind: "base", buffer }, "i32", `base${buffer}`);
    return index === "0i" ? base : `${base} + ${index}`;
  }

  /** Text of the value at element `index` of a buffer. */
  read(buffer: number, index: string): string {
    const { dtype } = this.kernel.buffers[buffer]!;
    const own = this.whole.buffers.length;
    if (buffer >= own) return dtype === "bool" ? `(${this.scratchAt(buffer - own, index)} != 0u)` : this.scratchAt(buffer - own, index);
    const at = this.element(buffer, index);
    const lanes = lanesOf(dtype, this.half);
    if (lanes === 1) {
      const element = this.vectors.has(buffer) ? `[(${at}) >> 2u][(${at}) & 3i]` : `[${at}]`;
      return valueOf(`${this.name(buffer)}${element}`, dtype, this.half);
    }
    const { word, shift } = wordOf(at, lanes);
    const place = `${this.name(buffer)}${this.vectors.has(buffer) ? `[(${at}) >> 2u][((${at}) >> 1u) & 1i]` : `[${word}]`}`;
    return valueOf(`(${this.atomic.has(buffer) ? `atomicLoad(&${place})` : place} >> (${shift}))`, dtype, this.half);
  }

  /** Four floats from element `index` (a multiple of 4) on, of a buffer bound as vectors. */
  readVector(buffer: number, index: string): string {
    const { dtype } = this.kernel.buffers[buffer]!;
    return widenedVector(`${this.name(buffer)}[(${this.element(buffer, index)}) >> 2u]`, dtype, this.half);
  }

  /** Name of the value that an access loads. */
  load(position: number, place: Place, values: Values): string {
    const access = this.kernel.accesses[position]!;
    const { dtype } = this.kernel.buffers[access.buffer]!;
    const { index, condition } = this.where(position, place, values);
    const isScratch = access.buffer >= this.whole.buffers.length;
    const packed =
      !isScratch && (lanesOf(dtype, this.half) > 1 || this.surroundings.moved.has(access.buffer) || this.vectors.has(access.buffer));
    const at = packed && !/^[\w.]+$/.test(index) ? this.let("at", index) : index;
    const value = this.read(access.buffer, at);
    return this.let("v", condition === null ? value : `select(${literal(dtype, access.fill)}, ${value}, ${condition})`);
  }

  /** Stores a value through an access. */
  store(position: number, place: Place, value: string, values: Values): void {
    const access = this.kernel.accesses[position]!;
    const { index, condition } = this.where(position, place, values);
    this.storeAt(access.buffer, index, value, condition);
  }

  /** Stores a value at an element where a condition holds (null: always) and no fault forbids it. */
  storeAt(buffer: number, index: string, value: string, condition: string | null): void {
    const { dtype } = this.kernel.buffers[buffer]!;
    const own = this.whole.buffers.length;
    if (buffer >= own) {
      const kept = dtype === "bool" ? `select(0u, 1u, ${value})` : wrapped(value, dtype);
      const text = `${this.scratchAt(buffer - own, index)} = ${kept};`;
      this.line(condition === null ? text : `if (${condition}) { ${text} }`);
      return;
    }
    const { guarded } = this.surroundings;
    if (guarded) this.hasFault = true;
    const at = this.element(buffer, index);
    const lanes = lanesOf(dtype, this.half);
    const stored = storedForm(value, dtype, this.half);
    if (lanes > 1 && this.owned.has(buffer)) {
      if (condition !== null)
        throw new InternalError("webgpu", "an element of a whole word is stored under a condition", this.kernel.label);
      this.declare(collectPart(buffer, lanes, guarded));
      this.line(`collect_part${buffer}(u32(${at}), ${stored}, ${this.isLast});`);
      return;
    }
    const conditions = [...(guarded ? ["is_healthy()"] : []), ...(condition === null ? [] : [condition])];
    if (lanes > 1) this.declare(storePart(buffer, lanes));
    const text = lanes > 1 ? `store_part${buffer}(u32(${at}), ${stored});` : `${this.name(buffer)}[${at}] = ${stored};`;
    this.line(conditions.length === 0 ? text : `if (${conditions.join(" & ")}) { ${text} }`);
  }

  /** Evaluates the entries that `roots` need; returns their texts. `known` entries are taken as they are. */
  entries(list: readonly Entry[], roots: readonly number[], place: Place, known: Values = new Map()): Values {
    const values = new Map<number, string>(known);
    const needed = this.needed(list, roots, known);
    list.forEach((entry, position) => {
      if (!needed[position]! || known.has(position)) return;
      values.set(position, this.entry(entry, list, place, values));
    });
    return values;
  }

  private needed(list: readonly Entry[], roots: readonly number[], known: Values): boolean[] {
    const needed = new Array<boolean>(list.length).fill(false);
    for (const root of roots) needed[root] = true;
    for (let i = list.length - 1; i >= 0; i--) {
      const entry = list[i]!;
      if (!needed[i]! || known.has(i)) continue;
      if (entry.op === "scalar" || entry.op === "threefry") for (const arg of entry.args) needed[arg] = true;
      if (entry.op === "load") for (const term of this.kernel.accesses[entry.access]!.dynamic) needed[term.value] = true;
    }
    return needed;
  }

  private entry(entry: Entry, list: readonly Entry[], place: Place, values: Map<number, string>): string {
    switch (entry.op) {
      case "load":
        return this.load(entry.access, place, values);
      case "constant":
        return literal(entry.dtype, entry.value);
      case "parameter":
        return this.parameter(entry.slot, entry.dtype);
      case "position":
        return this.let("p", this.affine(entry.index, place));
      case "scalar": {
        const args = entry.args.map((arg) => values.get(arg)!);
        const argument = list[entry.args[entry.f === "select" ? 1 : 0]!]!.dtype;
        return this.let("v", scalarText(entry.f, args, argument, entry.dtype));
      }
      case "threefry":
        return this.let("v", `threefry(${entry.args.map((arg) => values.get(arg)!).join(", ")}).${entry.word === 0 ? "x" : "y"}`);
      case "accumulator":
        if (place.accumulator === undefined) throw new InternalError("webgpu", "an accumulator outside an epilogue", this.kernel.label);
        return place.accumulator(entry.index);
    }
  }

  /** Entries that stores read: values and indices. */
  storeRoots(stores: readonly { readonly access: number; readonly value: number }[]): number[] {
    return stores.flatMap(({ access, value }) => [value, ...this.kernel.accesses[access]!.dynamic.map((term) => term.value)]);
  }

  /** The module, whose entry point has workgroups of `size` invocations. */
  finish(size: number, workgroups: number): KernelCode {
    const { joined } = this.surroundings;
    const first = joined === undefined ? undefined : this.word({ kind: "first" }, "u32", "first");
    const asksSize = this.lines.some((line) => line.includes("subgroup_size"));
    const head = entryPoint(size, asksSize ? ", @builtin(subgroup_size) subgroup_size: u32" : "");
    const group = first === undefined ? ["  let group = cell.x + cell.y * grid.x;"] : findMember(joined!.count, first);
    const body = [head, ...group, ...this.lines, "}"].join("\n");
    const { buffers } = this.whole;
    const bound = [...new Set(joined?.bindings ?? buffers.keys())];
    const fault = bound.length + 1;
    const support = this.hasFault
      ? [`@group(0) @binding(${fault}) var<storage, read_write> fault: array<atomic<u32>, 4>;`, ...faultFunctions]
      : [];
    const code = [...new Set(this.declarations), body].join("\n");
    const called = support.filter((text) => !text.startsWith("fn ") || code.includes(`${/fn (\w+)/.exec(text)![1]!}(`));
    const fields = [...this.wordNames].map(([name, type], i) => `${joined !== undefined && i === 0 ? "@align(16) " : ""}${name}: ${type}`);
    const uniforms =
      this.words.length === 0
        ? []
        : [
            `struct Uniforms { ${fields.join(", ")} }`,
            `@group(0) @binding(0) var<uniform> ${joined === undefined ? "uniforms: Uniforms" : `members: array<Uniforms, ${joined.count}>`};`,
          ];
    const declared = bound.map((i, binding) => {
      const { dtype } = buffers[i]!;
      const type = this.vectors.has(i) ? vectorType(dtype, this.half) : this.atomic.has(i) ? "atomic<u32>" : storedType(dtype, this.half);
      return `@group(0) @binding(${binding + 1}) var<storage, ${this.written.has(i) ? "read_write" : "read"}> buffer${i}: array<${type}>;`;
    });
    return {
      wgsl: [
        ...(declared.some((text) => text.includes("f16>")) ? ["enable f16;"] : []),
        ...(code.includes("subgroupShuffleXor(") || asksSize ? ["enable subgroups;"] : []),
        ...uniforms,
        ...declared,
        ...called,
        ...libraryFor(code),
        code,
        "",
      ].join("\n"),
      words: this.words,
      bindings: bound.map((i) => (this.written.has(i) ? "write" : "read")),
      hasFault: this.hasFault,
      workgroups,
    };
  }
}

/** The member of joined kernels that a workgroup belongs to: the last whose first workgroup is not behind it. */
function findMember(count: number, first: string): string[] {
  return [
    "  let cell_number = cell.x + cell.y * grid.x;",
    "  var member_found = 0u;",
    `  for (var end = ${count}u; end - member_found > 1u;) {`,
    "    let middle = (member_found + end) / 2u;",
    "    if (members[middle].first <= cell_number) { member_found = middle; } else { end = middle; }",
    "  }",
    "  let uniforms = members[member_found];",
    `  let group = cell_number - ${first};`,
  ];
}

const faultFunctions = [
  "fn is_healthy() -> bool { return atomicLoad(&fault[0]) == 0u; }",
  // The first that comes is kept.
  "fn report_fault(kernel: u32, index: i32, extent: i32) {\n  if (atomicExchange(&fault[0], 1u) == 0u) {\n    atomicStore(&fault[1], kernel);\n    atomicStore(&fault[2], u32(index));\n    atomicStore(&fault[3], u32(extent));\n  }\n}",
];
