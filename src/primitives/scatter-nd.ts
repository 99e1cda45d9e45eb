/** Slices added or written at tuples of indices. */
import {
  applyOne,
  concreteShape,
  type GatherPlan,
  type GradientContext,
  type Primitive,
  type Sample,
  sizeOf,
  type Tensor,
  type TensorType,
} from "../graph/index.ts";
import { definePrimitive, expectDType, expectSameDType, nd } from "./define.ts";
import { equal } from "./equal.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { full, zerosLike } from "./full.ts";
import { eachTuple, gatheredShape, gatherNd, gatherNdPlan } from "./gather-nd.ts";
import { iota } from "./iota.ts";
import { reshape } from "./reshape.ts";
import { expectIndices, type IndexMode, modeOf } from "./resolve-index.ts";
import { rounded } from "./rounded.ts";
import { select } from "./select.ts";

/** Whether updates are added to what is there, or written over it (the last of several in row-major order stays). */
export type ScatterMode = "add" | "set";

/** Gradient of the updates of a "set": an update that a later one wrote over has none. */
function survivors(operand: Tensor, indices: Tensor, updates: Tensor, cotangent: Tensor, mode: IndexMode): Tensor {
  const shape = concreteShape(updates);
  const numbered = reshape(iota([sizeOf(shape)], 0, "int32"), shape);
  const owner = scatterNd(full(concreteShape(operand), -1, "int32"), indices, numbered, "set", mode);
  const survived = equal(gatherNd(owner, indices, mode), numbered);
  const all = gatherNd(cotangent, indices, mode);
  return select(survived, all, zerosLike(all));
}

function scatterPrimitive(name: string, write: ScatterMode): Primitive {
  const plan = ([operand, indices]: readonly TensorType[], mode: IndexMode): GatherPlan =>
    gatherNdPlan(operand!.shape.length, indices!.shape, mode);
  const gradient = ({ inputs, attributes, cotangents, needed }: GradientContext): (Tensor | null)[] => {
    const [operand, indices, updates] = inputs;
    const cotangent = cotangents[0]!;
    const mode = modeOf(attributes);
    if (write === "add") return [cotangent, null, needed[2]! ? gatherNd(cotangent, indices!, mode) : null];
    return [
      needed[0]! ? scatterNd(cotangent, indices!, zerosLike(updates!), "set", mode) : null,
      null,
      needed[2]! ? survivors(operand!, indices!, updates!, cotangent, mode) : null,
    ];
  };
  return definePrimitive({
    name,
    infer: ([operand, indices, updates], attributes) => {
      if (write === "add") expectDType(name, operand!, "number");
      expectSameDType(name, [operand!, updates!]);
      expectIndices(name, indices!, attributes);
      expectOperandShape(name, "the array of updates", updates!.shape, gatheredShape(name, operand!, indices!));
      return [operand!];
    },
    gradient,
    reference: ([operand, indices, updates], attributes, [type]) => {
      const values = Float64Array.from(operand!.data);
      const inner = sizeOf(operand!.shape.slice(indices!.shape.at(-1)));
      eachTuple(name, operand!.shape, indices!, modeOf(attributes), (slice, target) => {
        for (let j = 0; j < inner; j++) {
          const update = updates!.data[slice * inner + j]!;
          if (write === "add") values[target * inner + j]! += update;
          else values[target * inner + j] = update;
        }
      });
      return [rounded(values, type!)];
    },
    lowering: { kind: "scatter", mode: write, scatter: (inputs, _output, attributes) => plan(inputs, modeOf(attributes)) },
    samples,
  });
}

function samples(): Sample[] {
  return [
    { inputs: [filled([3, 4], 1), nd([0, 3, 2, 1, 0, 3], [3, 2], "int32"), filled([3], 2)], attributes: { mode: "check" } },
    { inputs: [filled([3, 2, 2], 3), nd([2, 0, 2, 2], [4, 1], "int32"), filled([4, 2, 2], 4)], attributes: { mode: "check" } },
    { inputs: [filled([2, 3], 5), nd([-1, 5, 1, 1], [2, 2], "int32"), filled([2], 6)], attributes: { mode: "clamp" } },
    {
      inputs: [nd([1, 2, 3], [3], "int32"), nd([2, 2, 0], [3, 1], "int32"), nd([10, 20, 30], [3], "int32")],
      attributes: { mode: "check" },
    },
  ];
}

/** `out = operand; out[indices[i...], b...] += updates[i..., b...]`. Attribute: `mode`. */
export const scatterNdAddPrimitive: Primitive = scatterPrimitive("scatterNdAdd", "add");
/** `out = operand; out[indices[i...], b...] = updates[i..., b...]`, in row-major order of i. Attribute: `mode`. */
export const scatterNdSetPrimitive: Primitive = scatterPrimitive("scatterNdSet", "set");

/**
 * `operand` with slices `updates` added or written at tuples of indices. Several updates of one place: all are added;
 * of writes the last in row-major order stays (and alone gets a gradient).
 * Shapes: operand [n0, ..., b...], indices int32 [i..., depth], updates [i..., b...] -> operand's. Running throws IndexError
 * out of range in mode "check".
 */
export function scatterNd(operand: Tensor, indices: Tensor, updates: Tensor, write: ScatterMode, mode: IndexMode = "check"): Tensor {
  return applyOne(write === "add" ? scatterNdAddPrimitive : scatterNdSetPrimitive, [operand, indices, updates], { mode });
}
