/**
 * x^y and the exact remainder in float32, as WGSL: |x|^y = e^(y log|x|) with log|x| and the product as unevaluated sums of
 * two floats, right to about one unit in the last place where division is. Special values are those of IEEE 754's pow.
 */
import { floatLiteral, polynomial } from "./literals.ts";

const tail = [2 / 5, 2 / 7, 2 / 9, 2 / 11];

/** Functions by name. */
export const powerFunctions: Readonly<Record<string, string>> = {
  // x with 12 significant bits.
  upper_half: "fn upper_half(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }",
  // x * y without error (Dekker): every partial product is exact, so that fusing them changes nothing.
  two_product: `fn two_product(x: f32, y: f32) -> vec2<f32> {
  let a = upper_half(x);
  let b = x - a;
  let c = upper_half(y);
  let d = y - c;
  let high = x * y;
  return vec2<f32>(high, ((a * c - high) + a * d + b * c) + b * d);
}`,
  // log of a positive finite number as a pair: log m = 2 s + s^3 (2/3 + 2/5 s^2 + ...), s = f / (2 + f).
  log_as_pair: `fn log_as_pair(x: f32) -> vec2<f32> {
  let is_small = x < 1.1754944e-38f;
  let normal = select(x, x * 8388608f, is_small);
  let exponent = log_exponent(normal);
  let f = log_fraction(normal, exponent);
  let e = f32(exponent + select(0i, -23i, is_small));
  // Constants that a compiler does not know: it would compute with known ones as if there was no rounding.
  let two = select(2f, 3f, is_nan(x));
  let divisor = f + two;
  let divisor_low = f - (divisor - two);
  let s = f / divisor;
  let product = two_product(s, divisor);
  let s_low = (((f - product.x) - product.y) - s * divisor_low) / divisor;
  let square = two_product(s, s);
  let square_high = square.x;
  let square_low = square.y + 2f * s * s_low;
  let factor = two_sum(select(${floatLiteral(0.6666666865348816)}, 1f, is_nan(x)), square_high * ${polynomial("square_high", tail)});
  let factor_low = factor.y + ${floatLiteral(-1.9868214925130207e-8)};
  let inner = two_product(square_high, factor.x);
  let inner_low = inner.y + (square_high * factor_low + square_low * factor.x);
  let cubic = two_product(inner.x, s);
  let cubic_low = cubic.y + (inner.x * s_low + inner_low * s);
  let first = two_sum(e * ${floatLiteral(0.693145751953125)}, s + s);
  let second = two_sum(first.x, cubic.x);
  let low = (first.y + second.y) + (e * ${floatLiteral(1.4286068203094172e-6)} + ((s_low + s_low) + cubic_low));
  let high = second.x + low;
  return vec2<f32>(high, low - (high - second.x));
}`,
  float_power: `fn float_power(x: f32, y: f32) -> f32 {
  let size = abs(x);
  let y_size = abs(y);
  let logarithm = log_as_pair(size);
  let product = two_product(logarithm.x, y);
  let low = product.y + logarithm.y * y;
  let finite = scaled_exp(product.x, low, 0i);
  let ranged = select(select(finite, 0f, product.x < -104f), infinity(), product.x > 89f);
  let is_infinite = size > 3.4028234e38f;
  let limit = select(infinity(), 0f, (y > 0f) != is_infinite);
  let positive = select(ranged, limit, is_infinite | (size == 0f));
  let is_whole = trunc(y) == y;
  let is_odd = is_whole & (y_size < 16777216f) & ((i32(select(0f, y, y_size < 16777216f)) & 1i) != 0i);
  let signed = select(positive, copy_sign(positive, x), is_odd);
  let is_fractional = (x < 0f) & !is_infinite & !is_whole;
  let checked = select(select(signed, nan(), is_fractional), nan(), is_nan(x) | is_nan(y));
  return select(checked, 1f, (y == 0f) | (x == 1f) | ((size == 1f) & (y_size > 3.4028234e38f)));
}`,
  // Brings |rest| below step by multiples with 12 significant bits: every product and difference is exact.
  reduce_by: `fn reduce_by(start: f32, step: f32) -> f32 {
  let high = upper_half(step);
  let low = step - high;
  var rest = start;
  while (abs(rest) >= step) {
    let factor = upper_half(trunc(rest / step));
    if (factor == 0f) { rest = rest - copy_sign(step, rest); } else { rest = (rest - factor * high) - factor * low; }
  }
  return rest;
}`,
  // x - y trunc(x / y) without error, with the sign of x. NaN where x is infinite or y is 0.
  float_remainder: `fn float_remainder(x: f32, divisor: f32) -> f32 {
  let y = abs(divisor);
  let size = abs(x);
  let is_proper = is_finite(x) & is_finite(y) & (y >= 1.1754944e-38f);
  let step = select(1f, y, is_proper);
  var rest = select(0f, size, is_proper);
  if (step < 1f) {
    let scaled = step * ${floatLiteral(2 ** 120)};
    if (step < ${floatLiteral(2 ** -120)}) { rest = reduce_by(rest, scaled * ${floatLiteral(2 ** 120)}); }
    rest = reduce_by(rest, scaled);
  }
  // Parts of a small step would be flushed to zero: here |rest| is below 2^120 step.
  let is_small = step < ${floatLiteral(2 ** -60)};
  let boosted = step * select(1f, ${floatLiteral(2 ** 64)}, is_small);
  rest = reduce_by(rest * select(1f, ${floatLiteral(2 ** 64)}, is_small), boosted);
  let positive = select(rest, rest + boosted, rest < 0f) * select(1f, ${floatLiteral(2 ** -64)}, is_small);
  let is_whole = is_finite(x) & !is_finite(y) & !is_nan(y);
  return select(select(nan(), x, is_whole), copy_sign(positive, x), is_proper);
}`,
};
