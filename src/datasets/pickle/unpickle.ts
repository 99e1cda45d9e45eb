/** Python pickles that hold data only: numbers, texts, lists, dictionaries, NumPy arrays. Nothing in them is run. */
import { FormatError } from "../../saving/source.ts";
import { NumpyArray, NumpyType, reconstruct } from "./numpy-objects.ts";

/** A value of a pickle. Tuples are lists. */
export type PickledValue =
  null | boolean | number | string | Uint8Array | NumpyArray | NumpyType | PickledValue[] | Map<PickledValue, PickledValue> | Global;

/** A name that a pickle refers to: one of a few that build arrays. */
export class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const mark = Symbol("mark");
type Entry = PickledValue | typeof mark;

const utf8 = /* @__PURE__ */ new TextDecoder("utf-8");
const latin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** What names are known: functions that NumPy's arrays are made with when they are read. */
const known = new Set([
  "numpy.core.multiarray._reconstruct",
  "numpy._core.multiarray._reconstruct",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.core.numeric._frombuffer",
  "numpy._core.numeric._frombuffer",
  "numpy.ndarray",
  "numpy.dtype",
  "_codecs.encode",
]);

/**
 * The value of a pickle, protocols 0 to 5 (Python documentation, `pickletools`). Names other than those of NumPy's array
 * constructors are refused. Throws FormatError.
 */
export function unpickle(where: string, bytes: Uint8Array): PickledValue {
  return new Unpickler(where, bytes).run();
}

class Unpickler {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: Entry[] = [];
  readonly #memo = new Map<number, PickledValue>();
  #at = 0;

  constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickledValue {
    for (;;) {
      const code = String.fromCharCode(this.#byte());
      if (code === ".") return this.#pop();
      const step = steps[code];
      if (step === undefined)
        throw this.broken(
          "an instruction is unknown, or one that would run Python",
          `0x${code.charCodeAt(0).toString(16)} at ${this.#at - 1}`,
        );
      step(this);
    }
  }

  broken(problem: string, received: string): FormatError {
    return new FormatError({
      where: this.#where,
      problem,
      expected: "a pickle that holds data only",
      received,
      advice: "download the file again",
    });
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.broken("the pickle is cut off", `${this.#bytes.length} bytes`);
    this.#at++;
    return byte;
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.#bytes.length - this.#at))
      throw this.broken("the pickle is cut off", `${this.#bytes.length} bytes`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** An unsigned little-endian number. */
  unsigned(width: 1 | 2 | 4 | 8): number {
    const at = this.#at;
    this.take(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    return width === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  int32(): number {
    const at = this.#at;
    this.take(4);
    return this.#view.getInt32(at, true);
  }

  float64(): number {
    const at = this.#at;
    this.take(8);
    return this.#view.getFloat64(at, false);
  }

  /** A signed number of any width; beyond 2^53 it is rounded. */
  long(width: number): number {
    let value = 0n;
    const bytes = this.take(width);
    for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return width === 0 ? 0 : Number(BigInt.asIntN(8 * width, value));
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.broken("the pickle is cut off", `${this.#bytes.length} bytes`);
    const text = latin1(this.take(end - this.#at));
    this.#at++;
    return text;
  }

  push(value: Entry): void {
    this.#stack.push(value);
  }

  #pop(): PickledValue {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw this.broken("the pickle takes a value that is not there", `at ${this.#at}`);
    return value;
  }

  pop(): PickledValue {
    return this.#pop();
  }

  text(): string {
    const value = this.#pop();
    if (typeof value !== "string") throw this.broken("the pickle names what is no text", `at ${this.#at}`);
    return value;
  }

  top(): PickledValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw this.broken("the pickle takes a value that is not there", `at ${this.#at}`);
    return value;
  }

  toMark(): PickledValue[] {
    const start = this.#stack.lastIndexOf(mark);
    if (start < 0) throw this.broken("the pickle takes a value that is not there", `at ${this.#at}`);
    return this.#stack.splice(start).slice(1) as PickledValue[];
  }

  list(): PickledValue[] {
    const value = this.top();
    if (!Array.isArray(value)) throw this.broken("the pickle adds to what is no list", `at ${this.#at}`);
    return value;
  }

  dictionary(): Map<PickledValue, PickledValue> {
    const value = this.top();
    if (!(value instanceof Map)) throw this.broken("the pickle adds to what is no dictionary", `at ${this.#at}`);
    return value;
  }

  setItems(pairs: readonly PickledValue[]): void {
    const dictionary = this.dictionary();
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const key = pairs[i]!;
      // Python 2 wrote texts as bytes.
      dictionary.set(key instanceof Uint8Array ? latin1(key) : key, pairs[i + 1]!);
    }
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.#memo.set(this.#memo.size, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.broken("the pickle takes a value that is not there", `memo ${index}`);
    this.push(value);
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (!known.has(full)) throw this.broken("the pickle asks for Python code, which is never run", full);
    this.push(new Global(full));
  }

  reduce(): void {
    const values = this.pop();
    const callee = this.pop();
    if (!(callee instanceof Global) || !Array.isArray(values)) throw this.broken("the pickle calls what is no function", `at ${this.#at}`);
    if (callee.name === "_codecs.encode") {
      const text = values[0];
      if (typeof text !== "string" || values[1] !== "latin1")
        throw this.broken("bytes are encoded in an unknown way", typeof values[1] === "string" ? values[1] : typeof values[1]);
      this.push(Uint8Array.from(text, (character) => character.charCodeAt(0)));
      return;
    }
    this.push(reconstruct(this.#where, callee.name, values));
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof NumpyArray || target instanceof NumpyType))
      throw this.broken("the pickle builds an unknown object", `at ${this.#at}`);
    target.setState(this.#where, state);
  }
}

const text = (machine: Unpickler, width: 1 | 4 | 8): void => machine.push(utf8.decode(machine.take(machine.unsigned(width))));
const binary = (machine: Unpickler, width: 1 | 4 | 8): void => machine.push(machine.take(machine.unsigned(width)));
const tuple = (machine: Unpickler, count: number): void => {
  const values = Array.from({ length: count }, () => machine.pop());
  machine.push(values.reverse());
};

/** Instructions by their bytes; `pickletools` has their meaning. */
const steps: Readonly<Record<string, (machine: Unpickler) => void>> = {
  "\x80": (m) => void m.unsigned(1), // PROTO
  "\x95": (m) => void m.unsigned(8), // FRAME
  "(": (m) => m.push(mark),
  "0": (m) => void m.pop(),
  "1": (m) => void m.toMark(),
  "2": (m) => m.push(m.top()),
  N: (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  I: (m) => {
    const line = m.line();
    m.push(line === "01" ? true : line === "00" ? false : Number(line));
  },
  L: (m) => m.push(Number(m.line().replace(/L$/, ""))),
  F: (m) => m.push(Number(m.line())),
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.unsigned(1)),
  M: (m) => m.push(m.unsigned(2)),
  "\x8a": (m) => m.push(m.long(m.unsigned(1))),
  "\x8b": (m) => m.push(m.long(m.unsigned(4))),
  G: (m) => m.push(m.float64()),
  S: (m) => m.push(m.line().replace(/^['"]|['"]$/g, "")),
  // Latin-1, and \uXXXX for what it lacks.
  V: (m) => m.push(m.line().replace(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))),
  T: (m) => binary(m, 4),
  U: (m) => binary(m, 1),
  X: (m) => text(m, 4),
  "\x8c": (m) => text(m, 1),
  "\x8d": (m) => text(m, 8),
  B: (m) => binary(m, 4),
  C: (m) => binary(m, 1),
  "\x8e": (m) => binary(m, 8),
  "\x96": (m) => binary(m, 8),
  "]": (m) => m.push([]),
  a: (m) => {
    const value = m.pop();
    m.list().push(value);
  },
  e: (m) => {
    const values = m.toMark();
    const list = m.list();
    for (const value of values) list.push(value);
  },
  l: (m) => m.push(m.toMark()),
  ")": (m) => m.push([]),
  t: (m) => m.push(m.toMark()),
  "\x85": (m) => tuple(m, 1),
  "\x86": (m) => tuple(m, 2),
  "\x87": (m) => tuple(m, 3),
  "}": (m) => m.push(new Map()),
  d: (m) => {
    const pairs = m.toMark();
    m.push(new Map());
    m.setItems(pairs);
  },
  s: (m) => {
    const value = m.pop();
    const key = m.pop();
    m.setItems([key, value]);
  },
  u: (m) => {
    const pairs = m.toMark();
    m.setItems(pairs);
  },
  p: (m) => m.remember(Number(m.line())),
  q: (m) => m.remember(m.unsigned(1)),
  r: (m) => m.remember(m.unsigned(4)),
  "\x94": (m) => m.memoize(),
  g: (m) => m.recall(Number(m.line())),
  h: (m) => m.recall(m.unsigned(1)),
  j: (m) => m.recall(m.unsigned(4)),
  c: (m) => m.global(m.line(), m.line()),
  "\x93": (m) => {
    const name = m.text();
    m.global(m.text(), name);
  },
  R: (m) => m.reduce(),
  b: (m) => m.build(),
};
