/**
 * sin, cos, tan and their inverses in float32, as WGSL. |x| = q pi/2 + r with |r| <= pi/4, after Cody and Waite up to 2^13
 * and beyond it after Payne and Hanek ("Radian reduction for trigonometric functions", SIGNUM Newsletter 18, 1983) in
 * 32-bit integers. WGSL's own sin has an absolute error of 2^-11 and no bound outside [-pi, pi].
 */
import { floatLiteral, polynomial } from "./literals.ts";

/** pi/2 in parts of 11, 11, 11 and 24 significant bits: products with q < 2^13 of the first three are exact. */
const halfPi = [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12];
const sinSmall = [-0.16666667, 0.008333379, -0.00019853067, 2.8325935e-6];
const cosSmall = [0.041666646, -0.001388731, 2.4432331e-5];
const tanSmall = [0.3333335, 0.13332672, 0.054059457, 0.021282645, 0.010838196, 8.3038845e-5, 0.004380862];
const asinSmall = [0.1666666, 0.07500521, 0.04451369, 0.03183493, 0.0143363075, 0.037658818];
const atanSmall = [-0.33333316, 0.19998528, -0.14244393, 0.10599191, -0.06090134];
const halfPiHigh = floatLiteral(1.5707963705062866);
const halfPiLow = "4.371139e-8f";
const piHigh = floatLiteral(2 * 1.5707963705062866);
const piLow = floatLiteral(2 * -4.3711390001862426e-8);
const part = (i: number): string => floatLiteral(-halfPi[i]!);

/** Functions by name. */
export const trigonometricFunctions: Readonly<Record<string, string>> = {
  Reduced: "struct Reduced { quadrant: i32, rest: f32, low: f32 }",
  multiply_wide: `fn multiply_wide(x: u32, y: u32) -> vec2<u32> {
  let a = x & 0xffffu;
  let b = x >> 16u;
  let c = y & 0xffffu;
  let d = y >> 16u;
  let low = a * c;
  let middle = b * c + (low >> 16u);
  let other = a * d + (middle & 0xffffu);
  return vec2<u32>((other << 16u) | (low & 0xffffu), b * d + (middle >> 16u) + (other >> 16u));
}`,
  // Bits of 2/pi after 16 zero bits, 32 from \`position\` on.
  two_over_pi: `const two_over_pi_words = array<u32, 8>(0x0000a2f9u, 0x836e4e44u, 0x1529fc27u, 0x57d1f534u, 0xddc0db62u, 0x95993c43u, 0x9041fe51u, 0x63abdebbu);
fn two_over_pi(position: u32) -> u32 {
  var words = two_over_pi_words;
  let word = position >> 5u;
  let shift = position & 31u;
  return (words[word] << shift) | ((words[min(word + 1u, 7u)] >> 1u) >> (31u - shift));
}`,
  // Payne and Hanek: x = m 2^e; m times 96 bits of 2/pi, of which two bits stand before the point.
  reduce_large: `fn reduce_large(x: f32) -> Reduced {
  let bits = bitcast<u32>(x);
  let m = (bits & 0x7fffffu) | 0x800000u;
  let start = (bits >> 23u) - 136u;
  let p2 = multiply_wide(m, two_over_pi(start + 64u));
  let p1 = multiply_wide(m, two_over_pi(start + 32u));
  let p0 = multiply_wide(m, two_over_pi(start));
  let middle = p1.x + p2.y;
  let top = p0.x + p1.y + select(0u, 1u, middle < p1.x);
  var high = (top << 2u) | (middle >> 30u);
  var low = (middle << 2u) | (p2.x >> 30u);
  let is_upper = (high & 0x80000000u) != 0u;
  if (is_upper) { low = ~low + 1u; high = ~high + select(0u, 1u, low == 0u); }
  let is_short = high == 0u;
  let first = select(high, low, is_short);
  let second = select(low, 0u, is_short);
  let zeros = min(countLeadingZeros(first), 31u);
  let mantissa = (first << zeros) | ((second >> 1u) >> (31u - zeros));
  let scale = power_of_two(-32i - i32(zeros) - select(0i, 32i, is_short));
  let a = f32(mantissa & 0xffffff00u) * scale;
  let b = f32(mantissa & 0xffu) * scale;
  let product = two_product(a, ${halfPiHigh});
  let rest_low = product.y + (b * ${halfPiHigh} - a * ${halfPiLow});
  let sum = product.x + rest_low;
  let sign = select(1f, -1f, is_upper);
  return Reduced(i32(top >> 30u) + select(0i, 1i, is_upper), sign * sum, sign * (rest_low - (sum - product.x)));
}`,
  reduce_angle: `fn reduce_angle(size: f32) -> Reduced {
  if ((size > 8192f) & is_finite(size)) { return reduce_large(size); }
  let turns = round(size * ${floatLiteral(2 / Math.PI)});
  let second = fma(turns, ${part(1)}, fma(turns, ${part(0)}, size));
  let third = fma(turns, ${part(2)}, second);
  let lost = fma(turns, ${part(2)}, second - third);
  let small = fma(turns, ${part(3)}, lost);
  let sum = third + small;
  return Reduced(i32(select(0f, turns, size < 8193f)), select(nan(), sum, is_finite(size)), (third - sum) + small);
}`,
  quadrant_sin: `fn quadrant_sin(reduced: Reduced, quadrant: i32) -> f32 {
  let rest = reduced.rest;
  let square = rest * rest;
  let sine = rest + (rest * square * ${polynomial("square", sinSmall)} + reduced.low);
  let cosine = fma(-0.5f, square, 1f) + fma(square * square, ${polynomial("square", cosSmall)}, -(rest * reduced.low));
  let value = select(sine, cosine, (quadrant & 1i) != 0i);
  return select(value, -value, (quadrant & 2i) != 0i);
}`,
  float_sin: `fn float_sin(x: f32) -> f32 {
  let reduced = reduce_angle(abs(x));
  let value = quadrant_sin(reduced, reduced.quadrant);
  return select(value, -value, (bitcast<u32>(x) & 0x80000000u) != 0u);
}`,
  float_cos: "fn float_cos(x: f32) -> f32 { let reduced = reduce_angle(abs(x)); return quadrant_sin(reduced, reduced.quadrant + 1i); }",
  float_tan: `fn float_tan(x: f32) -> f32 {
  let reduced = reduce_angle(abs(x));
  let rest = reduced.rest;
  let square = rest * rest;
  let tangent = rest + (rest * square * ${polynomial("square", tanSmall)} + fma(square, reduced.low, reduced.low));
  let value = select(tangent, -1f / tangent, (reduced.quadrant & 1i) != 0i);
  return select(value, -value, (bitcast<u32>(x) & 0x80000000u) != 0u);
}`,
  // asin of |x| <= 0.5, or of sqrt((1 - |x|) / 2) beyond, as base + tail.
  reduce_asin: `fn reduce_asin(size: f32) -> vec2<f32> {
  let is_small = size <= 0.5f;
  let half = 0.5f * (1f - size);
  let square = select(half, size * size, is_small);
  let base = select(sqrt(half), size, is_small);
  return vec2<f32>(base, base * square * ${polynomial("square", asinSmall)});
}`,
  float_asin: `fn float_asin(x: f32) -> f32 {
  let size = abs(x);
  let reduced = reduce_asin(size);
  let large = (${halfPiHigh} - (reduced.x + reduced.x)) - ((reduced.y + reduced.y) + ${halfPiLow});
  let value = copy_sign(select(large, reduced.x + reduced.y, size <= 0.5f), x);
  return select(value, nan(), (size > 1f) | is_nan(x));
}`,
  float_acos: `fn float_acos(x: f32) -> f32 {
  let size = abs(x);
  let reduced = reduce_asin(size);
  let angle = reduced.x + reduced.y;
  let middle = ${halfPiHigh} - (select(angle, -angle, x < 0f) + ${halfPiLow});
  let double = angle + angle;
  let left = ${piHigh} - (double - ${piLow});
  let value = select(select(double, left, x < 0f), middle, size <= 0.5f);
  return select(value, nan(), (size > 1f) | is_nan(x));
}`,
  // steps pi/4 + sign atan(t), |t| <= tan(pi/8).
  quarter_turns: `fn quarter_turns(steps: f32, t: f32, sign: f32) -> f32 {
  let square = t * t;
  let signed = t * sign;
  let tail = fma(signed * square, ${polynomial("square", atanSmall)}, steps * ${floatLiteral(6.337953975283657e-7)});
  return fma(steps, ${floatLiteral(0.78539752960205078125)}, signed + tail);
}`,
  float_atan: `fn float_atan(x: f32) -> f32 {
  let size = abs(x);
  let is_middle = size > ${floatLiteral(0.41421356237309503)};
  let is_large = size > ${floatLiteral(1 + Math.SQRT2)};
  let numerator = select(select(size, size - 1f, is_middle), -1f, is_large);
  let denominator = select(select(1f, size + 1f, is_middle), size, is_large);
  let t = select(numerator / denominator, 0f, size > 3.4028234e38f);
  let value = quarter_turns(select(select(0f, 1f, is_middle), 2f, is_large), t, 1f);
  return select(copy_sign(value, x), x, is_nan(x));
}`,
  // The angle of the point (x, y), with the signs and zeros of C's atan2.
  float_atan2: `fn float_atan2(y: f32, x: f32) -> f32 {
  let y_size = abs(y);
  let x_size = abs(x);
  let large = max(x_size, y_size);
  let small = min(x_size, y_size);
  let is_infinite = large > 3.4028234e38f;
  // Neither may the sum overflow nor the difference be flushed to zero.
  let scale = select(select(1f, 16777216f, large < ${floatLiteral(2 ** -96)}), 0.25f, large > ${floatLiteral(2 ** 126)});
  let b = select(large * scale, 1f, is_infinite);
  let a = select(small * scale, select(0f, 1f, small > 3.4028234e38f), is_infinite);
  let is_middle = a > b * ${floatLiteral(0.41421356237309503)};
  let quotient = select(a, a - b, is_middle) / select(b, a + b, is_middle);
  let t = select(quotient, 0f, b == 0f);
  let is_steep = y_size > x_size;
  let is_left = (bitcast<u32>(x) & 0x80000000u) != 0u;
  let first = select(0f, 1f, is_middle);
  let second = select(first, 2f - first, is_steep);
  let steps = select(second, 4f - second, is_left);
  let flips = select(1f, -1f, is_steep);
  let value = copy_sign(quarter_turns(steps, t, select(flips, -flips, is_left)), y);
  return select(value, nan(), is_nan(x) | is_nan(y));
}`,
};
