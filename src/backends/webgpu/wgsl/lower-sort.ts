/**
 * Stable sorts: an invocation per element counts those of its row that come before it, which is its place. Elements are
 * compared as unsigned words in which the order of values is the order of numbers.
 */
import type { SortKernel } from "../../../compiler/kernels/kernel.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { valueTypeOf } from "./literals.ts";
import { groupSizeFor } from "./lower-map.ts";
import { ModuleWriter } from "./module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "./points.ts";

/** Lowers a sort. */
export function lowerSort(kernel: SortKernel, surroundings: Surroundings): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const axes = [...kernel.axes.keys()];
  const last = axes.length - 1;
  const points = pointsOf(kernel.axes);
  const size = groupSizeFor(points, surroundings);
  writer.declare(keyFunction(valueTypeOf(kernel.dtype), kernel.descending));
  const index = writer.let("point", `group * ${size}u + lane`);
  writer.line(`if (${index} >= ${countText(writer, axes)}) { return; }`);
  const positions = splitPoint(writer, index, axes);
  const keyAt = (at: string): { key: string; value: string } => {
    const value = writer.entries(kernel.expression, [kernel.value], placeAt(new Map([...positions, [last, at]]))).get(kernel.value)!;
    return { key: writer.let("key", `sort_key(${value})`), value };
  };
  const here = positions.get(last)!;
  const own = keyAt(here);
  writer.line("var place = 0i;");
  writer.line(`for (var other = 0i; other < ${writer.extent(last)}; other++) {`);
  const { key } = keyAt("other");
  writer.line(`place += select(0i, 1i, (${key} < ${own.key}) | ((${key} == ${own.key}) & (other < ${here})));`);
  writer.line("}");
  const target = placeAt(new Map([...positions, [last, "place"]]));
  for (const { access, gives } of kernel.stores) writer.store(access, target, gives === "values" ? own.value : here, new Map());
  return writer.finish(size, Math.ceil(points / size));
}

/** Words that are ordered as values are: NaN the largest, -0 equal to 0; all bits flipped where the largest comes first. */
function keyFunction(type: "f32" | "i32" | "bool", descending: boolean): string {
  const flip = descending ? "~" : "";
  switch (type) {
    case "bool":
      return `fn sort_key(x: bool) -> u32 { return ${flip}select(0u, 1u, x); }`;
    case "i32":
      return `fn sort_key(x: i32) -> u32 { return ${flip}(u32(x) ^ 0x80000000u); }`;
    case "f32":
      return `fn sort_key(x: f32) -> u32 {
  let bits = select(bitcast<u32>(x), 0u, x == 0f);
  let ordered = select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
  return ${flip}select(ordered, 0xffffffffu, is_nan(x));
}`;
  }
}
