/**
 * WGSL functions that generated code calls. A module gets those that it names, and what they need. Conditions are joined
 * by & and |, which evaluate both sides: && and || are branches, which cost compilers and processors dearly.
 */
import { elementaryFunctions } from "./elementary.ts";
import { powerFunctions } from "./power.ts";
import { trigonometricFunctions } from "./trigonometric.ts";

/** Functions by name: their whole text. */
const functions: Readonly<Record<string, string>> = {
  infinity: "var<private> infinity_bits: u32 = 0x7f800000u;\nfn infinity() -> f32 { return bitcast<f32>(infinity_bits); }",
  nan: "var<private> nan_bits: u32 = 0x7fc00000u;\nfn nan() -> f32 { return bitcast<f32>(nan_bits); }",
  negative_zero: "var<private> sign_bit: u32 = 0x80000000u;\nfn negative_zero() -> f32 { return bitcast<f32>(sign_bit); }",
  // WGSL lets an implementation assume that there is no NaN: only the bits tell.
  is_nan: "fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }",
  is_finite: "fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }",
  copy_sign:
    "fn copy_sign(size: f32, x: f32) -> f32 { return bitcast<f32>((bitcast<u32>(size) & 0x7fffffffu) | (bitcast<u32>(x) & 0x80000000u)); }",
  power_of_two: "fn power_of_two(exponent: i32) -> f32 { return bitcast<f32>((exponent + 127i) << 23u); }",
  // NaN if either is; -0 and 0 are equal, and the first is taken.
  float_max: "fn float_max(x: f32, y: f32) -> f32 { return select(select(y, x, x >= y), x + y, is_nan(x) | is_nan(y)); }",
  float_min: "fn float_min(x: f32, y: f32) -> f32 { return select(select(y, x, x <= y), x + y, is_nan(x) | is_nan(y)); }",
  // 1, -1, or x itself (0, -0, NaN).
  float_sign: "fn float_sign(x: f32) -> f32 { return select(select(x, -1f, x < 0f), 1f, x > 0f); }",
  // x/0 is 0, MIN/-1 is MIN.
  int_divide:
    "fn int_divide(x: i32, y: i32) -> i32 { let is_special = u32(y + 1i) < 2u; return select(x / select(y, 1i, is_special), select(-x, 0i, y == 0i), is_special); }",
  // x%0 and MIN%-1 are 0.
  int_remainder: "fn int_remainder(x: i32, y: i32) -> i32 { return x % select(y, 1i, u32(y + 1i) < 2u); }",
  int_power: `fn int_power(x: i32, y: i32) -> i32 {
  if (y < 0i) { return select(select(0i, select(1i, -1i, (y & 1i) != 0i), x == -1i), 1i, x == 1i); }
  var result = 1i;
  var base = x;
  for (var rest = y; rest > 0i; rest = rest >> 1u) {
    if ((rest & 1i) != 0i) { result = result * base; }
    base = base * base;
  }
  return result;
}`,
  // Cut towards zero, saturating; NaN is 0.
  float_to_int: `fn float_to_int(x: f32) -> i32 {
  let inside = i32(clamp(x, -2147483648f, 2147483520f));
  let high = select(inside, 2147483647i, x >= 2147483648f);
  return select(high, 0i, is_nan(x));
}`,
  // Words of Threefry-2x32 with 20 rounds (Salmon et al., SC 2011).
  threefry: `fn threefry(key0: i32, key1: i32, counter0: i32, counter1: i32) -> vec2<i32> {
  let keys = vec3<u32>(u32(key0), u32(key1), u32(key0) ^ u32(key1) ^ 0x1bd11bdau);
  var x = vec2<u32>(u32(counter0) + keys.x, u32(counter1) + keys.y);
${threefryRounds()}
  return bitcast<vec2<i32>>(x);
}`,
  // The nearest bfloat16, ties to even: the upper half of the bits. NaN stays NaN.
  to_bfloat16: `fn to_bfloat16(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  let up = word + 0x7fffu + ((word >> 16u) & 1u);
  return bitcast<f32>(select(up, word | 0x400000u, is_nan(x)) & 0xffff0000u);
}`,
  // The nearest float16, ties to even. Beside 1/2 numbers below 2^-14 keep multiples of 2^-24.
  to_float16: `fn to_float16(x: f32) -> f32 {
  let word = bitcast<u32>(x);
  let size = word & 0x7fffffffu;
  let up = (size + 0xfffu + ((size >> 13u) & 1u)) & 0xffffe000u;
  let normal = select(up, 0x7f800000u, size >= 0x477ff000u);
  let units = size >> 23u;
  let whole = (size & 0x7fffffu) | 0x800000u;
  let shift = min(126u - units, 31u);
  let kept = whole >> shift;
  let rest = whole & ((1u << shift) - 1u);
  let middle = (1u << shift) >> 1u;
  let counted = kept + select(0u, 1u, (rest > middle) | ((rest == middle) & ((kept & 1u) == 1u)));
  let small = bitcast<u32>(f32(counted) * 0x1p-24f);
  let value = select(normal, small, size < 0x38800000u) | (word & 0x80000000u);
  return bitcast<f32>(select(value, word | 0x400000u, is_nan(x)));
}`,
  // The value of the low 16 bits as float16. Integer arithmetic: conversions of devices may flush numbers below 2^-14.
  from_float16: `fn from_float16(word: u32) -> f32 {
  let size = word & 0x7fffu;
  let normal = (size << 13u) + select(0x38000000u, 0x70000000u, size >= 0x7c00u);
  let small = bitcast<u32>(f32(size) * 0x1p-24f);
  return bitcast<f32>(select(normal, small, size < 0x400u) | ((word & 0x8000u) << 16u));
}`,
  // The bits of a float16 that a float32 holds.
  float16_bits: `fn float16_bits(x: f32) -> u32 {
  let word = bitcast<u32>(x);
  let size = word & 0x7fffffffu;
  let normal = select((size - 0x38000000u) >> 13u, 0x7c00u | ((size >> 13u) & 0x3ffu), size >= 0x7f800000u);
  let small = u32(bitcast<f32>(min(size, 0x38800000u)) * 0x1p+24f);
  return select(normal, small, size < 0x38800000u) | ((word >> 16u) & 0x8000u);
}`,
  wide_float16:
    "fn wide_float16(pair: vec2<u32>) -> vec4<f32> { return vec4<f32>(from_float16(pair.x), from_float16(pair.x >> 16u), from_float16(pair.y), from_float16(pair.y >> 16u)); }",
  wide_halves: "fn wide_halves(pair: vec2<u32>) -> vec4<f32> { return vec4<f32>(unpack2x16float(pair.x), unpack2x16float(pair.y)); }",
  wide_bfloat16:
    "fn wide_bfloat16(pair: vec2<u32>) -> vec4<f32> { return bitcast<vec4<f32>>(vec4<u32>(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u)); }",
  rotate: "fn rotate(x: u32, by: u32) -> u32 { return (x << by) | (x >> (32u - by)); }",
  ...elementaryFunctions,
  ...powerFunctions,
  ...trigonometricFunctions,
};

function threefryRounds(): string {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const names = ["x", "y", "z"];
  const lines: string[] = [];
  for (let round = 0; round < 20; round++) {
    lines.push(`  x.x = x.x + x.y; x.y = rotate(x.y, ${rotations[round % 8]}u) ^ x.x;`);
    if (round % 4 !== 3) continue;
    const group = (round + 1) / 4;
    lines.push(`  x.x = x.x + keys.${names[group % 3]}; x.y = x.y + keys.${names[(group + 1) % 3]} + ${group}u;`);
  }
  return lines.join("\n");
}

/** Names that a text uses, in the order of the table, so that equal code has equal text. */
const patterns = new Map(Object.keys(functions).map((name) => [name, new RegExp(`\\b${name}\\(`)]));
const needs = new Map<string, readonly string[]>();

function usedBy(text: string): string[] {
  return [...patterns].flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));
}

function neededBy(name: string): readonly string[] {
  let found = needs.get(name);
  if (found === undefined) needs.set(name, (found = usedBy(functions[name]!).filter((other) => other !== name)));
  return found;
}

/** The functions that `text` calls, and those that they call. */
export function libraryFor(text: string): string[] {
  const found = new Set<string>();
  const pending = usedBy(text);
  while (pending.length > 0) {
    const name = pending.pop()!;
    if (found.has(name)) continue;
    found.add(name);
    pending.push(...neededBy(name));
  }
  return Object.keys(functions).flatMap((name) => (found.has(name) ? [functions[name]!] : []));
}
