/** What is known of a function's variables before its instructions are chosen. */
import type { Expr, LoopFunction, Stmt, Variable } from "../../loops/ir.ts";

/** Facts about the variables of a function. */
export interface VariableFacts {
  /** i32 variables that never hold a negative number, so that their registers can be added to addresses. */
  readonly nonNegative: ReadonlySet<Variable>;
  /** i32v variables that hold masks only: they live in opmasks where there are any. */
  readonly masks: ReadonlySet<Variable>;
  /** Variables that are set once and read once. */
  readonly single: ReadonlySet<Variable>;
}

/**
 * Whether an i32 expression is never negative, given the variables that are not. Sums and products of such numbers
 * count as such: an index does not overflow.
 */
export function isNonNegative(e: Expr, nonNegative: ReadonlySet<Variable>): boolean {
  switch (e.op) {
    case "const":
      return e.value >= 0;
    case "get":
      return nonNegative.has(e.variable);
    case "compare":
      return e.type === "i32";
    case "load":
      return e.storage === "u8";
    case "select":
      return isNonNegative(e.x, nonNegative) && isNonNegative(e.y, nonNegative);
    case "binary":
      switch (e.f) {
        case "add":
        case "mul":
        case "div":
        case "min":
          return isNonNegative(e.x, nonNegative) && isNonNegative(e.y, nonNegative);
        case "max":
        case "and":
          return isNonNegative(e.x, nonNegative) || isNonNegative(e.y, nonNegative);
        case "rem":
        case "shl":
        case "shrS":
          return isNonNegative(e.x, nonNegative);
        case "shrU":
          return e.y.op === "const" && (e.y.value & 31) > 0;
        case "sub":
        case "or":
        case "xor":
          return false;
      }
      return false;
    case "unary":
    case "fma":
    case "convert":
    case "bitcast":
    case "splat":
    case "lanes":
    case "advance":
    case "loadPtr":
    case "reduce":
    case "extract":
    case "shuffle":
    case "call":
      return false;
  }
}

/** Whether an i32v expression is a mask (0 / -1 per lane), given the variables that are. */
export function isMask(e: Expr, masks: ReadonlySet<Variable>): boolean {
  if (e.type !== "i32v") return false;
  switch (e.op) {
    case "compare":
      return true;
    case "get":
      return masks.has(e.variable);
    case "unary":
      return e.f === "not" && isMask(e.x, masks);
    case "binary":
      return (e.f === "and" || e.f === "or" || e.f === "xor") && isMaskOrConstant(e.x, masks) && isMaskOrConstant(e.y, masks);
    case "select":
      return isMaskOrConstant(e.x, masks) && isMaskOrConstant(e.y, masks) && (isMask(e.x, masks) || isMask(e.y, masks));
    default:
      return false;
  }
}

/** A mask, or 0 or -1 in every lane. */
export function isMaskOrConstant(e: Expr, masks: ReadonlySet<Variable>): boolean {
  return e.op === "const" ? e.value === 0 || e.value === -1 : isMask(e, masks);
}

/** Expressions directly below `e`. */
export function forEachChild(e: Expr, visit: (child: Expr) => void): void {
  switch (e.op) {
    case "const":
    case "get":
    case "lanes":
      return;
    case "unary":
    case "convert":
    case "bitcast":
    case "splat":
    case "reduce":
    case "extract":
      visit(e.x);
      return;
    case "binary":
    case "compare":
    case "shuffle":
      visit(e.x);
      visit(e.y);
      return;
    case "fma":
      visit(e.x);
      visit(e.y);
      visit(e.z);
      return;
    case "select":
      visit(e.condition);
      visit(e.x);
      visit(e.y);
      return;
    case "advance":
      visit(e.x);
      visit(e.index);
      return;
    case "loadPtr":
      visit(e.address.base);
      return;
    case "load":
      visit(e.address.base);
      if (typeof e.count === "object") visit(e.count);
      return;
    case "call":
      for (const argument of e.args) visit(argument);
  }
}

/** Calls `visit` with every variable that an expression reads. */
export function forEachVariable(e: Expr, visit: (variable: Variable) => void): void {
  if (e.op === "get") visit(e.variable);
  else forEachChild(e, (child) => forEachVariable(child, visit));
}

/** Whether a list of statements assigns a variable. */
export function assigns(body: readonly Stmt[], variable: Variable): boolean {
  return body.some((s) => {
    switch (s.op) {
      case "set":
        return s.variable === variable;
      case "for":
        return s.variable === variable || assigns(s.body, variable);
      case "while":
        return assigns(s.body, variable);
      case "if":
        return assigns(s.then, variable) || assigns(s.else, variable);
      case "store":
      case "prefetch":
        return false;
    }
  });
}

/** Facts about all variables of a function. */
export function analyseVariables(fn: LoopFunction): VariableFacts {
  const sets = new Map<Variable, Expr[]>();
  const reads = new Map<Variable, number>();
  const read = (e: Expr): void => forEachVariable(e, (variable) => void reads.set(variable, (reads.get(variable) ?? 0) + 1));
  const assign = (variable: Variable, value: Expr): void => {
    const list = sets.get(variable);
    if (list === undefined) sets.set(variable, [value]);
    else list.push(value);
    read(value);
  };
  const walk = (body: readonly Stmt[]): void => {
    for (const s of body) {
      switch (s.op) {
        case "set":
          assign(s.variable, s.value);
          break;
        case "store":
          read(s.address.base);
          read(s.value);
          if (typeof s.count === "object") read(s.count);
          break;
        case "prefetch":
          read(s.address.base);
          break;
        case "for":
          assign(s.variable, s.from);
          read(s.to);
          walk(s.body);
          break;
        case "while":
          read(s.condition);
          walk(s.body);
          break;
        case "if":
          read(s.condition);
          walk(s.then);
          walk(s.else);
      }
    }
  };
  walk(fn.body);
  // Suppose the best of every variable, and drop what does not follow until all follows.
  const nonNegative = new Set<Variable>([fn.from, fn.to]);
  const masks = new Set<Variable>();
  for (const [variable, values] of sets) {
    if (variable.type === "i32") nonNegative.add(variable);
    else if (variable.type === "i32v" && values.some((value) => value.op !== "const")) masks.add(variable);
  }
  const keep = (among: Set<Variable>, holds: (e: Expr, among: ReadonlySet<Variable>) => boolean): void => {
    for (let changed = true; changed;) {
      changed = false;
      for (const variable of among) {
        const values = sets.get(variable);
        if (values !== undefined && !values.every((value) => holds(value, among))) changed = among.delete(variable);
      }
    }
  };
  keep(nonNegative, isNonNegative);
  keep(masks, isMaskOrConstant);
  const single = new Set([...sets].filter(([variable, values]) => values.length === 1 && reads.get(variable) === 1).map(([v]) => v));
  return { nonNegative, masks, single };
}
