/**
 * exp, log and their relatives in float32, as WGSL. WGSL's own functions may be wrong by 3 + 2 |x| units in the last
 * place (exp), by an absolute 2^-21 (log near 1) or more (tanh), and differ from device to device. These are sums, products
 * and divisions only. Coefficients: the weighted minimax fits of docs/math-accuracy.md.
 */
import { polynomial } from "./literals.ts";

/** e^r = 1 + r + r^2 q(r) to 5e-10 for |r| <= ln2/2. */
const q = [0.5, 0.16666666, 0.041666493, 0.008333543, 0.0013932394, 0.0001976446];
const tanhSmall = [-0.3333328, 0.1333141, -0.053737268, 0.020631723, -0.005697346];
const sinhSmall = [0.16666667, 0.0083333105, 0.00019842896, 2.7822132e-6];
/** log(1 + f) = f - f^2/2 + f^3 p(f) to 6e-9 for 1 + f in [sqrt(1/2), sqrt(2)]. */
const p = [0.3333333, -0.25000823, 0.2000125, -0.16623315, 0.14201272, -0.13160187, 0.12764794, -0.07638259];
const asinhSmall = [
  -0.1666666, 0.07499705, -0.044599354, 0.030061232, -0.020993454, 0.013585598, -0.0070211245, 0.002398409, -0.00038817478,
];
const acoshSmall = [-0.083333306, 0.018749278, -0.0055738473, 0.0018705538, -0.0006310456, 0.00017494583, -2.6719335e-5];
const atanhSmall = [0.33333302, 0.20002453, 0.14223786, 0.11816386, 0.05160436, 0.1763785];
/** erf x = x + x p(x^2) to 2e-9 for |x| <= 1; erf x = 1 - e^-g(x) to 3e-11 for 1 <= x <= 4. */
const erfSmall = [0.12837917, -0.37612626, 0.11283579, -0.026853347, 0.005187162, -0.0007997853, 7.806903e-5];
const erfLarge = [-0.00018804023, 1.1295785, 0.6332197, 0.10841884, -0.025208455, 0.004204642, -0.00044135255, 2.1688104e-5];

/** Functions by name. */
export const elementaryFunctions: Readonly<Record<string, string>> = {
  // k and e^r - 1 of x + low, where x + low = k ln 2 + r (Cody and Waite's two-part ln 2).
  reduce_exp: `fn reduce_exp(x: f32, low: f32) -> vec2<f32> {
  let k = round(x * 1.442695f);
  let r = fma(k, 0.00021219444f, fma(k, -0.693359375f, x)) + low;
  return vec2<f32>(k, fma(r * r, ${polynomial("r", q)}, r));
}`,
  // e^(x + low) 2^shift. Two factors, since 2^k itself may be outside the normal floats. NaN stays.
  scaled_exp: `fn scaled_exp(x: f32, low: f32, shift: i32) -> f32 {
  let reduced = reduce_exp(clamp(x, -104f, 90f), low);
  let exponent = i32(reduced.x) + shift;
  let half = exponent >> 1u;
  let finite = (1f + reduced.y) * power_of_two(half) * power_of_two(exponent - half);
  return select(finite, x, is_nan(x));
}`,
  float_exp: "fn float_exp(x: f32) -> f32 { return scaled_exp(x, 0f, 0i); }",
  // 2^k (e^r - 1) + (2^k - 1), halved so that 2^128 does not overflow on the way.
  float_expm1: `fn float_expm1(x: f32) -> f32 {
  let reduced = reduce_exp(clamp(x, -20f, 88.8f), 0f);
  let scale = power_of_two(i32(reduced.x) - 1i);
  let half = fma(scale, reduced.y, scale - 0.5f);
  return select(half + half, x, (abs(x) < 5.9604645e-8f) | is_nan(x));
}`,
  float_sinh: `fn float_sinh(x: f32) -> f32 {
  let size = abs(x);
  let half = scaled_exp(size, 0f, -1i);
  let square = x * x;
  let small = fma(x * square, ${polynomial("square", sinhSmall)}, x);
  return select(copy_sign(half - 0.25f / half, x), small, (size < 1f) | is_nan(x));
}`,
  float_cosh: "fn float_cosh(x: f32) -> f32 { let half = scaled_exp(abs(x), 0f, -1i); return half + 0.25f / half; }",
  float_tanh: `fn float_tanh(x: f32) -> f32 {
  let size = abs(x);
  let power = scaled_exp(size + size, 0f, 0i);
  let square = size * size;
  let small = fma(size * square, ${polynomial("square", tanhSmall)}, size);
  return select(copy_sign(select(1f - 2f / (power + 1f), small, size < 0.625f), x), x, is_nan(x));
}`,
  float_sigmoid: `fn float_sigmoid(x: f32) -> f32 {
  let power = float_exp(-abs(x));
  return select(1f, power, x < 0f) / (1f + power);
}`,
  float_erf: `fn float_erf(x: f32) -> f32 {
  let size = abs(x);
  let square = x * x;
  let near = fma(x, ${polynomial("square", erfSmall)}, x);
  let limited = min(size, 4f);
  let far = 1f - float_exp(-(${polynomial("limited", erfLarge)}));
  // Where x p(x^2) might be flushed to zero, 2 / sqrt(pi) x.
  return select(copy_sign(far, x), select(near, x * 1.1283792f, size < 9.536743e-7f), (size < 1f) | is_nan(x));
}`,
  // e and f = m - 1 of x = 2^e m, m in [sqrt(1/2), sqrt(2)).
  log_exponent: "fn log_exponent(x: f32) -> i32 { return (bitcast<i32>(x) - 0x3f3504f3i) >> 23u; }",
  log_fraction: "fn log_fraction(x: f32, exponent: i32) -> f32 { return bitcast<f32>(bitcast<i32>(x) - (exponent << 23u)) - 1f; }",
  // e ln 2 + log(1 + f).
  log_combine: `fn log_combine(exponent: i32, f: f32) -> f32 {
  let e = f32(exponent);
  let square = f * f;
  let cube = f * square * ${polynomial("f", p)};
  let tail = fma(-0.5f, square, fma(e, -0.00021219444f, cube));
  return fma(e, 0.693359375f, f + tail);
}`,
  // -Infinity at 0, NaN below; Infinity and NaN stay.
  log_limits: `fn log_limits(x: f32, result: f32) -> f32 {
  let upper = select(x, result, is_finite(x));
  return select(select(upper, -infinity(), x == 0f), nan(), x < 0f);
}`,
  float_log: `fn float_log(x: f32) -> f32 {
  let is_small = x < 1.1754944e-38f;
  let normal = select(x, x * 8388608f, is_small);
  let e = log_exponent(normal);
  return log_limits(x, log_combine(e + select(0i, -23i, is_small), log_fraction(normal, e)));
}`,
  // x + y without error (Knuth).
  two_sum: `fn two_sum(x: f32, y: f32) -> vec2<f32> {
  let high = x + y;
  let part = high - x;
  return vec2<f32>(high, (x - (high - part)) + (y - part));
}`,
  // Near 0 the polynomial takes x itself. (A sum that carries the rounding error of 1 + x is undone by drivers that
  // compute with constants as if there was no rounding; elsewhere that error is below a unit of the result.)
  float_log1p: `fn float_log1p(x: f32) -> f32 {
  let is_near = (x > -0.2928f) & (x < 0.4142f);
  return select(select(float_log(1f + x), log_combine(0i, x), is_near), x, abs(x) < 5.9604645e-8f);
}`,
  // log(x + root); where root would overflow, log x + ln 2.
  log_of_sum: `fn log_of_sum(x: f32, root: f32) -> f32 {
  let is_huge = x > 1073741824f;
  return float_log(x + select(root, 0f, is_huge)) + select(0f, 0.6931472f, is_huge);
}`,
  float_asinh: `fn float_asinh(x: f32) -> f32 {
  let size = abs(x);
  let large = log_of_sum(size, sqrt(fma(size, size, 1f)));
  let square = size * size;
  let small = fma(size * square, ${polynomial("square", asinhSmall)}, size);
  return select(copy_sign(select(large, small, size < 1f), x), x, is_nan(x));
}`,
  float_acosh: `fn float_acosh(x: f32) -> f32 {
  let t = x - 1f;
  let base = sqrt(t + t);
  let near = fma(base * t, ${polynomial("t", acoshSmall)}, base);
  let large = log_of_sum(x, sqrt(t * (x + 1f)));
  return select(select(large, near, t < 1f), nan(), (x < 1f) | is_nan(x));
}`,
  float_atanh: `fn float_atanh(x: f32) -> f32 {
  let size = abs(x);
  let half = 0.5f * float_log1p((size + size) / (1f - size));
  let square = x * x;
  let small = fma(x * square, ${polynomial("square", atanhSmall)}, x);
  let inside = select(copy_sign(half, x), small, (size < 0.5f) | is_nan(x));
  return select(select(inside, copy_sign(infinity(), x), size == 1f), nan(), size > 1f);
}`,
};
