/** Threefry's random bits in ONNX's operators: in int64, cut to 32 bits after each step. */
import type { GraphWriter, Value } from "./graph-writer.ts";
import type { Rule } from "./rule.ts";

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

const rngBits: Rule = ({ inputs: [key], writer, types }) => {
  const { shape } = types[0]!;
  const mask = writer.integers([0xffffffff]);
  const cut = (name: string): string => writer.node("BitwiseAnd", [name, mask]);
  const words = cut(writer.toInt64(writer.full(key!)));
  const word = (i: number): string => writer.node("Slice", [words, writer.integers([i]), writer.integers([i + 1])]);
  const keys = [word(0), word(1)];
  keys.push(writer.node("BitwiseXor", [writer.node("BitwiseXor", keys), writer.integers([0x1bd11bda])]));
  const size = shape.reduce((product, extent) => product.map((value, trace) => value * extent[trace]!), writer.fixed(1));
  const count = writer.node("Squeeze", [writer.extent(size)]);
  const counter = writer.node("Range", [writer.integers([0], true), count, writer.integers([1], true)]);
  const add = (a: string, b: string): string => cut(writer.node("Add", [a, b]));
  let x0 = add(counter, keys[0]!);
  let x1 = add(writer.node("Mul", [counter, writer.integers([0])]), keys[1]!);
  for (let round = 0; round < 20; round++) {
    x0 = add(x0, x1);
    x1 = writer.node("BitwiseXor", [rotated(writer, x1, rotations[round % 8]!, cut), x0]);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = add(x0, keys[injection % 3]!);
      x1 = add(add(x1, keys[(injection + 1) % 3]!), writer.integers([injection]));
    }
  }
  const negative = writer.node("GreaterOrEqual", [x0, writer.integers([2 ** 31])]);
  const signed = writer.node("Where", [negative, writer.node("Sub", [x0, writer.integers([2 ** 32])]), x0]);
  const bits: Value = writer.named(writer.node("Cast", [signed], { to: 6 }), { shape: [size], dtype: "int32" });
  return [writer.reshape(bits, shape)];
};

function rotated(writer: GraphWriter, name: string, by: number, cut: (name: string) => string): string {
  const left = cut(writer.node("Mul", [name, writer.integers([2 ** by])]));
  return writer.node("BitwiseOr", [left, writer.node("Div", [name, writer.integers([2 ** (32 - by)])])]);
}

/** Rules of random bits. */
export const randomRules: Readonly<Record<string, Rule>> = { rngBits };
