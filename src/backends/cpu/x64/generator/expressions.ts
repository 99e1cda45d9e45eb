/** Instruction selection for expression trees: which part handles what. */
import type { Expr } from "../../loops/ir.ts";
import { addressOperand, advancePointer } from "./addresses.ts";
import {
  convertValue,
  floatBinary,
  floatUnary,
  folds,
  fusedMultiplyAdd,
  isFloatType,
  isSameFile,
  scalarCompare,
  scalarSelect,
} from "./floats.ts";
import { integerBinary, integerCompare, integerConstant, integerSelect, integerUnary } from "./integers.ts";
import { loadValue } from "./loads-and-stores.ts";
import type { MachineOperand, VirtualRegister } from "./machine-code.ts";
import type { Evaluator, Selection } from "./selection.ts";
import {
  extractValue,
  lanesValue,
  livesInMask,
  maskValue,
  reduceValue,
  shuffleValue,
  splatValue,
  vectorBinary,
  vectorCompare,
  vectorConstant,
  vectorSelect,
  vectorUnary,
} from "./vectors.ts";

/** Code of expressions, appended to a selection. */
export class ExpressionSelector implements Evaluator {
  readonly #s: Selection;

  constructor(selection: Selection) {
    this.#s = selection;
  }

  resolve(e: Expr): Expr {
    return e.op === "get" ? (this.#s.takePending(e.variable) ?? e) : e;
  }

  mask(e: Expr, into?: VirtualRegister): VirtualRegister {
    return maskValue(this.#s, this, e, into);
  }

  source(expression: Expr): MachineOperand {
    const s: Selection = this.#s;
    const e = this.resolve(expression);
    if (e.type === "i32" || e.type === "ptr") {
      if (e.op === "const") return e.type === "i32" ? e.value | 0 : s.q(this.value(e));
      if (e.op === "load" && e.storage === "i32") return addressOperand(s, this, e.address);
      return s.typed(e.type, this.value(e));
    }
    if (folds(s, e)) {
      if (e.op === "bitcast") return this.source(e.x);
      if (e.op === "const") return s.constantOperand(e.type, e.value);
      if (e.op === "load") {
        const place = addressOperand(s, this, e.address);
        return e.splat === true ? { ...place, broadcast: 4 } : place;
      }
    }
    return s.typed(e.type, this.value(e));
  }

  value(expression: Expr, into?: VirtualRegister): VirtualRegister {
    const s: Selection = this.#s;
    const e = this.resolve(expression);
    if (e.type === "i32v" && e.op !== "get" && livesInMask(s, e)) return this.#fromMask(e, into);
    switch (e.op) {
      case "const":
        return this.#constant(e, into);
      case "get": {
        const variable = s.read(e.variable);
        if (variable.class === "mask") return this.#fromMask(e, into);
        if (into === undefined || into === variable) return variable;
        s.move(e.type, into, variable);
        return into;
      }
      case "unary":
        if (e.type === "i32") return integerUnary(s, this, e, into);
        if (isFloatType(e.type)) return floatUnary(s, this, { ...e, type: e.type }, into);
        return vectorUnary(s, this, e, into);
      case "binary":
        if (e.type === "i32" || e.type === "ptr") return integerBinary(s, this, e, into);
        if (isFloatType(e.type)) return floatBinary(s, this, { ...e, type: e.type }, into);
        return vectorBinary(s, this, e, into);
      case "fma":
        if (!isFloatType(e.type)) s.fail(`fma does not exist for ${e.type}`);
        return fusedMultiplyAdd(s, this, { ...e, type: e.type }, into);
      case "compare":
        if (e.type === "i32v") return vectorCompare(s, this, e, into);
        return isFloatType(e.x.type) ? scalarCompare(s, this, e, into) : integerCompare(s, this, e, into);
      case "select":
        if (e.type === "i32" || e.type === "ptr") return integerSelect(s, this, e, into);
        if (e.type === "f32" || e.type === "f64") return scalarSelect(s, this, { ...e, type: e.type }, into);
        return vectorSelect(s, this, e, into);
      case "convert":
        return convertValue(s, this, e, into);
      case "bitcast":
        return this.#bitcast(e, into);
      case "splat":
        return splatValue(s, this, e, into);
      case "lanes":
        return lanesValue(s, into);
      case "advance":
        return advancePointer(s, this, e, into);
      case "loadPtr": {
        const place = addressOperand(s, this, e.address);
        const result = into ?? s.forType("ptr");
        s.emit("mov", s.q(result), place);
        return result;
      }
      case "load":
        return loadValue(s, this, e, into);
      case "reduce":
        return reduceValue(s, this, e, into);
      case "shuffle":
        return shuffleValue(s, this, e, into);
      case "extract":
        return extractValue(s, this, e, into);
      case "call": {
        const args = e.args.map((argument) => this.value(argument));
        const address = s.features.functions?.[e.f];
        if (address === undefined) s.fail(`the address of ${e.f} is not known`);
        const result = into ?? s.forType("f64");
        s.code.push({ op: "call", address, result, args });
        s.hasCalls = true;
        return result;
      }
    }
  }

  #constant(e: Extract<Expr, { op: "const" }>, into: VirtualRegister | undefined): VirtualRegister {
    const s: Selection = this.#s;
    if (e.type === "i32" || e.type === "ptr") return integerConstant(s, e, into);
    if (e.type === "i32v" || e.type === "f32v") return vectorConstant(s, e, into);
    const result = into ?? s.forType(e.type);
    if (Object.is(e.value, 0)) s.emitClear("vxorps", s.x(result));
    else s.emit(e.type === "f32" ? "vmovss" : "vmovsd", s.x(result), s.constantOperand(e.type, e.value));
    return result;
  }

  #bitcast(e: Extract<Expr, { op: "bitcast" }>, into: VirtualRegister | undefined): VirtualRegister {
    const s: Selection = this.#s;
    if (e.type === e.x.type || isSameFile(e)) return this.value(e.x, into);
    const x = this.value(e.x);
    const result = into ?? s.forType(e.type);
    if (e.type === "i32" && e.x.type === "f32") s.emit("vmovd", s.r(result), s.x(x));
    else if (e.type === "f32" && e.x.type === "i32") s.emit("vmovd", s.x(result), s.r(x));
    else s.fail(`no bitcast from ${e.x.type} to ${e.type}`);
    return result;
  }

  /** An opmask as lanes of 0 and -1. */
  #fromMask(e: Expr, into: VirtualRegister | undefined): VirtualRegister {
    const s: Selection = this.#s;
    const mask = this.mask(e);
    const result = into ?? s.forType("i32v");
    s.emit("vpmovm2d", s.v(result), s.k(mask));
    return result;
  }
}
