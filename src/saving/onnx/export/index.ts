/** Models as ONNX files. */
import type { DType } from "../../../dtype/index.ts";
import { ShapeError, StateError, ValueError } from "../../../errors.ts";
import { formatShape, type Shape, type Tensor } from "../../../graph/index.ts";
import { flattenStructure, packStructure } from "../../../layers/structure.ts";
import type { Model } from "../../../models/index.ts";
import { platform } from "../../../platform/index.ts";
import { encodeFunction, type Slot } from "./encode-function.ts";

/** Options of `exportOnnx`. */
export interface OnnxExportOptions {
  /** Shape of each input, in the model's order; null is an extent that the file leaves open. Default: the model's own, the batch open. */
  readonly inputShapes?: readonly Shape[];
  /** Names and dtypes of the inputs, for a model that is a class of its own. */
  readonly inputs?: readonly { readonly name: string; readonly shape: Shape; readonly dtype?: DType }[];
  /** Kept in the file. Default: the model's name. */
  readonly graphName?: string;
}

function slotsOf(where: string, model: Model<unknown, unknown>, options: OnnxExportOptions): Slot[] {
  const known = model.inputSlots?.map(({ name, shape, dtype }) => ({ name, shape, dtype: dtype ?? ("float32" as const) }));
  const slots = options.inputs?.map(({ name, shape, dtype }) => ({ name, shape, dtype: dtype ?? ("float32" as const) })) ?? known;
  if (slots === undefined || slots.some(({ shape }) => shape === null)) {
    throw new StateError({
      where,
      problem: "the model does not say what its inputs are",
      expected: "a model with known inputs",
      advice: 'give them: { inputs: [{ name: "x", shape: [null, 784] }] }',
    });
  }
  const complete = slots as Slot[];
  const shapes = options.inputShapes;
  if (shapes === undefined) return complete;
  if (shapes.length !== slots.length)
    throw new ValueError({
      where,
      problem: "the number of input shapes is wrong",
      expected: String(slots.length),
      received: String(shapes.length),
    });
  return complete.map((slot, i) => {
    const shape = shapes[i]!;
    const fits = shape.length === slot.shape.length && slot.shape.every((extent, axis) => extent === null || shape[axis] === extent);
    if (fits) return { ...slot, shape };
    throw new ShapeError({
      where,
      problem: `the shape of input "${slot.name}" does not fit the model`,
      expected: formatShape(slot.shape),
      received: formatShape(shape),
    });
  });
}

/**
 * The bytes of an ONNX file (opset 18) that computes what `predict` does. The graph of primitives behind the model is
 * written, whatever its layers are, so that every model has a file. The batch stays open, and up to two further extents.
 * Throws ValueError where the graph depends on an open extent in a way that ONNX cannot say.
 */
export async function encodeOnnx(model: Model<never, never> | Model, options: OnnxExportOptions = {}): Promise<Uint8Array> {
  const subject = model as unknown as Model<unknown, unknown>;
  const where = `exportOnnx: ${subject.label}`;
  const slots = slotsOf(where, subject, options);
  const structure = options.inputs === undefined ? subject.inputs : null;
  return await encodeFunction({
    where,
    graphName: options.graphName ?? subject.name,
    inputs: slots,
    outputNames: subject.outputNames,
    call: (tensors) => {
      const x = structure !== null ? packStructure(structure, tensors) : tensors.length === 1 ? tensors[0] : tensors;
      return flattenStructure(subject.predictStep({ x, y: null, sampleWeight: null })) as Tensor[];
    },
  });
}

/** Writes a model as an ONNX file, at once; see `encodeOnnx`. */
export async function exportOnnx(model: Model<never, never> | Model, path: string, options: OnnxExportOptions = {}): Promise<void> {
  await platform.files.write(path, await encodeOnnx(model, options));
}
