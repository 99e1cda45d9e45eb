/** Text form of the loop IR, for READMEs, golden tests and debugging. */
import type { Address, BinaryOp, CompareOp, Expr, LoopFunction, Stmt, Variable } from "./ir.ts";

const binaryText: Readonly<Record<BinaryOp, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  rem: "%",
  min: "min",
  max: "max",
  and: "&",
  or: "|",
  xor: "^",
  shl: "<<",
  shrU: ">>>",
  shrS: ">>",
};
const compareText: Readonly<Record<CompareOp, string>> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=", ltU: "<u" };

/**
 * A function as text. Variables are shown by name, with a number where several share it; the first assignment shows the
 * type. `load f32 [p + 8]` is one element, `load f32v` lanes of them, `splat f32` one in every lane; `..n` limits lanes.
 */
export function printLoopFunction(f: LoopFunction): string {
  return new Printer().function(f);
}

class Printer {
  private readonly names = new Map<Variable, string>();
  private readonly used = new Map<string, number>();
  private readonly lines: string[] = [];

  function(f: LoopFunction): string {
    const parameters = [f.block, f.from, f.to, f.scratch].map((v) => `${this.name(v)}: ${v.type}`);
    this.lines.push(`function ${f.name}(${parameters.join(", ")}) {`);
    this.statements(f.body, "  ");
    this.lines.push("}");
    return this.lines.join("\n");
  }

  private name(variable: Variable): string {
    const known = this.names.get(variable);
    if (known !== undefined) return known;
    const count = this.used.get(variable.name) ?? 0;
    this.used.set(variable.name, count + 1);
    const name = count === 0 ? variable.name : `${variable.name}.${count}`;
    this.names.set(variable, name);
    return name;
  }

  private statements(body: readonly Stmt[], indent: string): void {
    for (const s of body) this.statement(s, indent);
  }

  private statement(s: Stmt, indent: string): void {
    const line = (text: string): void => void this.lines.push(indent + text);
    const inner = `${indent}  `;
    switch (s.op) {
      case "set": {
        const value = this.expr(s.value);
        const isNew = !this.names.has(s.variable);
        line(`${this.name(s.variable)}${isNew ? `: ${s.variable.type}` : ""} = ${value}`);
        return;
      }
      case "store":
        line(`store ${s.storage} ${this.address(s.address)}${this.count(s.count)} = ${this.expr(s.value)}`);
        return;
      case "prefetch":
        line(`prefetch ${this.address(s.address)}`);
        return;
      case "for":
        line(`for ${this.name(s.variable)} = ${this.expr(s.from)} to ${this.expr(s.to)}${s.step === 1 ? "" : ` step ${s.step}`} {`);
        this.statements(s.body, inner);
        line("}");
        return;
      case "while":
        line(`while ${this.expr(s.condition)} {`);
        this.statements(s.body, inner);
        line("}");
        return;
      case "if":
        line(`if ${this.expr(s.condition)} {`);
        this.statements(s.then, inner);
        if (s.else.length > 0) {
          line("} else {");
          this.statements(s.else, inner);
        }
        line("}");
        return;
    }
  }

  private count(count: number | Expr | undefined): string {
    return count === undefined ? "" : ` ..${typeof count === "number" ? count : this.expr(count)}`;
  }

  private address({ base, offset }: Address): string {
    return `[${this.expr(base)}${offset === 0 ? "" : offset > 0 ? ` + ${offset}` : ` - ${-offset}`}]`;
  }

  private expr(x: Expr): string {
    switch (x.op) {
      case "const":
        return x.type === "i32" || x.type === "f32" ? number(x.value) : `${number(x.value)}:${x.type}`;
      case "get":
        return this.name(x.variable);
      case "unary":
        return `${x.f}(${this.expr(x.x)})`;
      case "binary":
        if (x.f === "min" || x.f === "max") return `${x.f}(${this.expr(x.x)}, ${this.expr(x.y)})`;
        return `(${this.expr(x.x)} ${binaryText[x.f]} ${this.expr(x.y)})`;
      case "fma":
        return `fma(${this.expr(x.x)}, ${this.expr(x.y)}, ${this.expr(x.z)})`;
      case "compare":
        return `(${this.expr(x.x)} ${compareText[x.f]} ${this.expr(x.y)})`;
      case "select":
        return `select(${this.expr(x.condition)}, ${this.expr(x.x)}, ${this.expr(x.y)})`;
      case "convert":
      case "bitcast":
        return `${x.op} ${x.type}(${this.expr(x.x)})`;
      case "splat":
        return `splat(${this.expr(x.x)})`;
      case "lanes":
        return "lanes";
      case "advance":
        return `${this.expr(x.x)} + ${this.expr(x.index)}*${x.scale}`;
      case "loadPtr":
        return `load ptr ${this.address(x.address)}`;
      case "load": {
        const what =
          x.splat === true ? `splat ${x.storage}` : x.type === "f32v" || x.type === "i32v" ? `load ${x.storage}v` : `load ${x.storage}`;
        return `${what} ${this.address(x.address)}${this.count(x.count)}`;
      }
      case "reduce":
        return `reduce ${x.f}(${this.expr(x.x)})`;
      case "shuffle":
        return `${x.f}(${this.expr(x.x)}, ${this.expr(x.y)})`;
      case "extract":
        return `${this.expr(x.x)}.${x.lane}`;
      case "call":
        return `call ${x.f}(${x.args.map((argument) => this.expr(argument)).join(", ")})`;
    }
  }
}

function number(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
