/** Scales of axes. */

/** Values to places, with the values that are written beside the axis. */
export interface Scale {
  place(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** Round numbers (1, 2 or 5 times a power of ten) that cut [low, high] into about `count` parts. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A linear scale from [low, high] to [start, end]. */
export function linearScale(low: number, high: number, start: number, end: number, count: number): Scale {
  const [from, to] = high > low ? [low, high] : [low - 0.5, low + 0.5];
  return {
    place: (value) => start + ((value - from) / (to - from)) * (end - start),
    ticks: roundTicks(from, to, count).map((value) => ({ value, label: numberText(value) })),
  };
}

/** A logarithmic scale; values that are not positive stand at its lower end. Ticks are powers of ten, and 2 and 5 times them where there are few. */
export function logScale(low: number, high: number, start: number, end: number): Scale {
  const from = Math.log10(low);
  const to = high > low ? Math.log10(high) : from + 1;
  const decades = to - from;
  const factors = decades <= 2 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / 8));
  const ticks: { value: number; label: string }[] = [];
  for (let power = Math.floor(from); power <= Math.ceil(to); power++) {
    if (power % stride !== 0) continue;
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) ticks.push({ value, label: numberText(value) });
    }
  }
  return { place: (value) => start + ((Math.log10(Math.max(value, low)) - from) / (to - from)) * (end - start), ticks };
}

/** A number as it is written beside an axis. */
export function numberText(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    // Three digits first: 10 ** -5 is a little less than 1e-5.
    const [digits, power] = Number(value.toPrecision(3)).toExponential().split("e");
    return `${digits}e${Number(power)}`;
  }
  return String(Number(value.toPrecision(6)));
}
