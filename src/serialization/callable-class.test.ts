import { describe, expect, it } from "vitest";
import { callableClass, type CallableClass, CallableInstance } from "./callable-class.ts";
import { camelCase, snakeCase, snakeCaseOfClass } from "./names.ts";

class ScaleClass extends CallableInstance {
  static readonly className = "Scale";
  factor: number;
  override name = "scale";
  constructor(options: { factor: number }) {
    super();
    this.factor = options.factor;
  }
  override call(x: number): number {
    return x * this.factor;
  }
  toJSON(): object {
    return { factor: this.factor };
  }
}
const Scale: CallableClass<typeof ScaleClass> = callableClass(ScaleClass);

describe("callable classes", () => {
  it("are made with and without new", () => {
    for (const scale of [Scale({ factor: 3 }), new Scale({ factor: 3 })]) {
      expect(scale).toBeInstanceOf(Scale);
      expect(scale).toBeInstanceOf(ScaleClass);
      expect(scale(2)).toBe(6);
      expect(scale.name).toBe("scale");
      expect(JSON.stringify(scale)).toBe('{"factor":3}');
    }
    expect(Scale.className).toBe("Scale");
  });

  it("can be extended, and an override of call is what a call does", () => {
    class Negative extends Scale {
      extra = 1;
      override call(x: number): number {
        return -super.call(x) - this.extra;
      }
    }
    const negative = new Negative({ factor: 2 });
    expect(negative(5)).toBe(-11);
    expect(negative).toBeInstanceOf(ScaleClass);
    expect(negative.constructor).toBe(Negative);
  });

  it("are called with what call takes, and with anything where only the base class is known", () => {
    const scale = Scale({ factor: 3 });
    // @ts-expect-error a number is asked for
    expect(scale("2")).toBe(6);
    const instance: CallableInstance = scale;
    const result: unknown = instance(2, "whatever");
    expect(result).toBe(6);
  });
});

describe("names", () => {
  it("convert both ways", () => {
    for (const name of ["learning_rate", "beta_1", "l2", "from_logits", "use_ema", "keepdims"]) {
      expect(snakeCase(camelCase(name))).toBe(name);
    }
    expect(camelCase("beta_2")).toBe("beta2");
    expect(camelCase("ema_overwrite_frequency")).toBe("emaOverwriteFrequency");
    expect(snakeCaseOfClass("KLDivergence")).toBe("kl_divergence");
    expect(snakeCaseOfClass("MeanSquaredError")).toBe("mean_squared_error");
  });
});
