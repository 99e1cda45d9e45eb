/** Instruction selection for statements: assignments, stores, loops and branches. */
import type { Assembler } from "../assembler/index.ts";
import { isNarrowStorage } from "../../loops/block.ts";
import type { Expr, LoopFunction, Stmt, Variable } from "../../loops/ir.ts";
import { addressOperand } from "./addresses.ts";
import type { ConstantPool } from "./constant-pool.ts";
import { ExpressionSelector } from "./expressions.ts";
import { branch } from "./integers.ts";
import { storeValue } from "./loads-and-stores.ts";
import type { MachineFunction } from "./machine-code.ts";
import { type EmitFeatures, Selection } from "./selection.ts";
import { assigns } from "./variables.ts";

/** Machine code of a function over virtual registers. Throws InternalError for IR that is not well-typed. */
export function selectInstructions(fn: LoopFunction, features: EmitFeatures, pool: ConstantPool, assembler: Assembler): MachineFunction {
  const selection = new Selection(fn, features, pool, assembler);
  new StatementSelector(selection).run();
  return {
    name: fn.name,
    code: [...selection.entry, ...selection.code],
    registers: selection.registers,
    hasCalls: selection.hasCalls,
  };
}

class StatementSelector {
  readonly #s: Selection;
  readonly #expressions: ExpressionSelector;

  constructor(selection: Selection) {
    this.#s = selection;
    this.#expressions = new ExpressionSelector(selection);
  }

  run(): void {
    this.#statements(this.#s.fn.body);
  }

  #statements(body: readonly Stmt[]): void {
    for (const statement of body) this.#statement(statement);
    this.#flush(null);
  }

  #statement(statement: Stmt): void {
    const s: Selection = this.#s;
    switch (statement.op) {
      case "set":
        return this.#set(statement.variable, statement.value);
      case "store":
        // What was read before must not see what is written now.
        return storeValue(s, this.#expressions, statement, () => this.#flush(null));
      case "prefetch":
        // Into the second cache: what is wanted next must not push out what is used now.
        return s.emit("prefetcht1", { ...addressOperand(s, this.#expressions, statement.address), size: 1 });
      case "for":
        return this.#for(statement);
      case "while": {
        this.#flush(null);
        const top = s.label();
        const end = s.label();
        branch(s, this.#expressions, statement.condition, end, false);
        this.#flush(null);
        s.bind(top);
        this.#statements(statement.body);
        branch(s, this.#expressions, statement.condition, top, true);
        s.bind(end);
        return;
      }
      case "if": {
        if (statement.then.length === 0 && statement.else.length === 0) return;
        this.#flush(null);
        const otherwise = s.label();
        branch(s, this.#expressions, statement.condition, otherwise, false);
        this.#statements(statement.then);
        if (statement.else.length === 0) {
          s.bind(otherwise);
          return;
        }
        const end = s.label();
        s.jump("jmp", end);
        s.bind(otherwise);
        this.#statements(statement.else);
        s.bind(end);
      }
    }
  }

  #set(variable: Variable, value: Expr): void {
    const s: Selection = this.#s;
    if (variable.type !== value.type) s.fail(`${variable.name}: ${variable.type} is set to ${value.type}`);
    if (s.facts.single.has(variable) && value.op === "load" && value.count === undefined && !isNarrowStorage(value.storage)) {
      this.#flush(variable);
      s.variable(variable);
      s.defer(variable, value);
      return;
    }
    this.#flush(variable);
    const register = s.variable(variable);
    if (register.class === "mask") this.#expressions.mask(value, register);
    else this.#expressions.value(value, register);
  }

  /** Emits loads that were put off: those that read `variable`, or all. */
  #flush(variable: Variable | null): void {
    for (const { variable: pending, load } of this.#s.due(variable)) this.#expressions.value(load, this.#s.variable(pending));
  }

  /** `if (from < to) { v = from; do { body; v += step } while (v < to) }` */
  #for(loop: Extract<Stmt, { op: "for" }>): void {
    const s: Selection = this.#s;
    const { from, to, variable, step, body } = loop;
    this.#flush(null);
    const isStatic = from.op === "const" && to.op === "const";
    if (isStatic && from.value >= to.value) return;
    let limit: Expr = to;
    if (to.op !== "const" && !(to.op === "get" && !assigns(body, to.variable))) {
      const held: Variable = { name: "limit", type: "i32" };
      this.#expressions.value(to, s.variable(held));
      limit = { op: "get", type: "i32", variable: held };
    }
    const index = s.variable(variable);
    this.#expressions.value(from, index);
    const compare = (): void => s.emit("cmp", s.r(index), this.#expressions.source(limit));
    const end = s.label();
    if (!isStatic) {
      compare();
      s.jump("jge", end);
    }
    const isOnce = isStatic && from.value + step >= to.value;
    const top = s.label();
    if (!isOnce) s.bind(top);
    this.#statements(body);
    if (!isOnce) {
      s.emit("add", s.r(index), step);
      compare();
      s.jump("jl", top);
    }
    if (!isStatic) s.bind(end);
  }
}
