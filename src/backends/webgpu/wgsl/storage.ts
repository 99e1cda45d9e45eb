/** How elements stand in buffers: of four bytes as they are, shorter ones two or four to a word, or float16 as the device has it. */
import { type DType, dtypes } from "../../../dtype/index.ts";
import type { HalfForm } from "./kernel-code.ts";
import { valueTypeOf } from "./literals.ts";

/** Elements of a dtype in one word of a binding: 1 where they are elements of the binding's array. */
export type Lanes = 1 | 2 | 4;

/** How many elements of `dtype` stand in one word of a binding. */
export function lanesOf(dtype: DType, half: HalfForm): Lanes {
  const { bytes } = dtypes[dtype];
  if (bytes === 1) return 4;
  return bytes === 2 && !(dtype === "float16" && half.hasType) ? 2 : 1;
}

/** Type of the elements of a binding that is read and written one element at a time. */
export function storedType(dtype: DType, half: HalfForm): string {
  if (lanesOf(dtype, half) > 1) return "u32";
  return dtype === "float16" ? "f16" : valueTypeOf(dtype);
}

/** Type of four neighbouring floats in a binding. */
export function vectorType(dtype: DType, half: HalfForm): string {
  return lanesOf(dtype, half) === 2 ? "vec2<u32>" : `vec4<${storedType(dtype, half)}>`;
}

/** Which word holds element `at` (text of an integer), and by how many bits it is to be shifted down. */
export function wordOf(at: string, lanes: Lanes): { readonly word: string; readonly shift: string } {
  return { word: `(${at}) >> ${lanes / 2}u`, shift: `(u32(${at}) & ${lanes - 1}u) * ${32 / lanes}u` };
}

/** Value in the low bits of a word, or of an element of the binding where elements are no parts of words. */
export function valueOf(stored: string, dtype: DType, half: HalfForm): string {
  switch (dtype) {
    case "int8":
      return `extractBits(i32(${stored}), 0u, 8u)`;
    case "uint8":
      return `i32(${stored} & 255u)`;
    case "bool":
      return `((${stored} & 255u) != 0u)`;
    case "bfloat16":
      return `bitcast<f32>(${stored} << 16u)`;
    case "float16":
      if (half.hasType) return half.widens ? `f32(${stored})` : `from_float16(bitcast<u32>(vec2<f16>(${stored}, 0h)))`;
      return half.widens ? `unpack2x16float(${stored}).x` : `from_float16(${stored})`;
    default:
      return stored;
  }
}

/** What is stored of a value of the dtype: low bits of a word, the others zero, or an element of the binding. Nothing is rounded. */
export function storedForm(value: string, dtype: DType, half: HalfForm): string {
  switch (dtype) {
    case "int8":
    case "uint8":
      return `(u32(${value}) & 255u)`;
    case "bool":
      return `select(0u, 1u, ${value})`;
    case "bfloat16":
      return `(bitcast<u32>(${value}) >> 16u)`;
    case "float16":
      if (half.hasType) return half.narrows ? `f16(${value})` : `bitcast<vec2<f16>>(float16_bits(${value})).x`;
      return half.narrows ? `pack2x16float(vec2<f32>(${value}, 0f))` : `float16_bits(${value})`;
    default:
      return value;
  }
}

/** Four floats out of a vector of a binding. */
export function widenedVector(stored: string, dtype: DType, half: HalfForm): string {
  if (dtype === "float32") return stored;
  if (dtype === "bfloat16") return `wide_bfloat16(${stored})`;
  if (!half.widens) return `wide_float16(${half.hasType ? `bitcast<vec2<u32>>(${stored})` : stored})`;
  return half.hasType ? `vec4<f32>(${stored})` : `wide_halves(${stored})`;
}

/** Stores a part of a word whose other parts other invocations may write at the same time. */
export function storePart(buffer: number, lanes: Lanes): string {
  const [bits, mask] = [32 / lanes, lanes === 4 ? "255u" : "65535u"];
  return `fn store_part${buffer}(at: u32, value: u32) {
  let shift = (at & ${lanes - 1}u) * ${bits}u;
  let old = atomicLoad(&buffer${buffer}[at >> ${lanes / 2}u]);
  atomicXor(&buffer${buffer}[at >> ${lanes / 2}u], (old ^ (value << shift)) & (${mask} << shift));
}`;
}

/** What is stored of a vector of four floats that a name holds, rounded to the dtype. */
export function storedVector(name: string, dtype: DType, half: HalfForm): string {
  if (dtype === "float32") return name;
  if (dtype === "float16" && half.narrows) {
    return half.hasType ? `vec4<f16>(${name})` : `vec2<u32>(pack2x16float(${name}.xy), pack2x16float(${name}.zw))`;
  }
  const bits = (component: string): string => storedForm(`${name}.${component}`, dtype, { ...half, hasType: false });
  const words = `vec2<u32>(${bits("x")} | (${bits("y")} << 16u), ${bits("z")} | (${bits("w")} << 16u))`;
  return dtype === "float16" && half.hasType ? `bitcast<vec4<f16>>(${words})` : words;
}

/**
 * Collects the parts of a word that one invocation owns and stores the word with its last part. Where elements end within a
 * word its rest keeps what it holds. `isLast`: no further element of this invocation follows.
 */
export function collectPart(buffer: number, lanes: Lanes, isGuarded: boolean): string {
  const bits = 32 / lanes;
  const rest = lanes === 4 ? "0xffffff00u" : "0xffff0000u";
  return `var<private> word${buffer}: u32;
fn collect_part${buffer}(at: u32, value: u32, isLast: bool) {
  let shift = (at & ${lanes - 1}u) * ${bits}u;
  word${buffer} |= value << shift;
  if ((shift != ${32 - bits}u) & !isLast) { return; }
  if (shift != ${32 - bits}u) { word${buffer} |= buffer${buffer}[at >> ${lanes / 2}u] & (${rest} << shift); }
  ${isGuarded ? "if (is_healthy()) { " : ""}buffer${buffer}[at >> ${lanes / 2}u] = word${buffer};${isGuarded ? " }" : ""}
  word${buffer} = 0u;
}`;
}
