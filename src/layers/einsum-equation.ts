/** Equations of EinsumDense: which shapes kernel and bias have. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape } from "../graph/index.ts";
import { describe } from "./layer-options.ts";

/** An equation "input,kernel->output"; axes that "..." stands for lie before ("left") or behind ("right") the labelled ones. */
export interface EinsumEquation {
  readonly text: string;
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  readonly ellipsis: "left" | "right" | null;
  readonly biasAxes: string | null;
}

/** Reads an equation. Throws ValueError for one that is none, and for labels that come from nowhere. */
export function parseEquation(where: string, text: unknown, biasAxes: unknown): EinsumEquation {
  const invalid = (problem: string): ValueError =>
    new ValueError({
      where,
      problem,
      expected: 'an equation "X,Y->Z", "...X,Y->...Z" or "X...,Y->Z..." with letters for axes, such as "abc,cd->abd"',
      received: biasAxes === null ? describe(text) : `${describe(text)}, biasAxes ${describe(biasAxes)}`,
    });
  const match = typeof text === "string" ? /^(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?$/.exec(text) : null;
  if (match === null) throw invalid("the equation is malformed");
  const [, before, input, behind, kernel, outBefore, output, outBehind] = match;
  if (before !== outBefore || behind !== outBehind || (before !== undefined && behind !== undefined)) {
    throw invalid('"..." must stand at the same side of input and output');
  }
  for (const label of kernel!) {
    if (!output!.includes(label) && !input!.includes(label))
      throw invalid(`the label "${label}" of the kernel is in neither input nor output`);
  }
  for (const label of output!) {
    if (!kernel!.includes(label) && !input!.includes(label))
      throw invalid(`the label "${label}" of the output is in neither input nor kernel`);
  }
  if (biasAxes !== null) {
    if (typeof biasAxes !== "string" || biasAxes === "") throw invalid("biasAxes is a text of labels");
    for (const label of biasAxes) if (!output!.includes(label)) throw invalid(`the label "${label}" of the bias is not in the output`);
  }
  const ellipsis = before !== undefined ? "left" : behind !== undefined ? "right" : null;
  return { text: text as string, input: input!, kernel: kernel!, output: output!, ellipsis, biasAxes };
}

/** Shapes of kernel and bias (null: none), and which axes of the kernel are inputs and outputs. Throws ShapeError where the shapes do not fit the equation. */
export function einsumShapes(
  where: string,
  { text, input, kernel, output, ellipsis, biasAxes }: EinsumEquation,
  inputShape: Shape,
  outputShape: Shape,
): { kernel: number[]; bias: number[] | null; inputAxes: number[]; outputAxes: number[] } {
  const elided = inputShape.length - input.length;
  if (elided < 0 || (elided > 0 && ellipsis === null)) {
    throw new ShapeError({
      where,
      problem: "the input has another number of axes than the equation",
      expected: `${ellipsis === null ? "" : "at least "}${input.length} axes for "${text}"`,
      received: formatShape(inputShape),
    });
  }
  // What "..." stands for begins with the batch where it stands on the left: the labels then name later axes.
  const labelled: Shape = ellipsis === "left" ? inputShape.slice(elided) : inputShape.slice(0, input.length);
  const announced: Shape = ellipsis === "left" && elided > 0 ? outputShape : [inputShape[0]!, ...outputShape];
  if (announced.length !== output.length) {
    throw new ShapeError({
      where,
      problem: "outputShape has another number of axes than the equation",
      expected: `${output.length - (announced.length - outputShape.length)} extents for "${text}"`,
      received: formatShape(outputShape),
    });
  }
  const inputExtents = new Map([...input].map((label, axis) => [label, labelled[axis] ?? null]));
  const extents = new Map(
    [...output].map((label, axis): [string, number | null] => {
      const given = announced[axis] ?? null;
      const own = inputExtents.get(label);
      if (own === undefined || own === null || given === null || own === given) return [label, given ?? own ?? null];
      throw new ShapeError({
        where,
        problem: `the axis "${label}" has another extent in the input than in outputShape`,
        expected: String(given),
        received: `${own} in ${formatShape(inputShape)}`,
      });
    }),
  );
  const known = (label: string): number => {
    const extent = extents.get(label) ?? inputExtents.get(label) ?? null;
    if (extent !== null) return extent;
    throw new ShapeError({
      where,
      problem: `the weights depend on the axis "${label}", whose extent is not known`,
      expected: `a number there, in the input or in outputShape`,
      received: `input ${formatShape(inputShape)}, outputShape ${formatShape(outputShape)}`,
    });
  };
  const kernelShape = [...kernel].map(known);
  const axes = Array.from(kernel, (_, axis) => axis);
  const outputAxes = axes.filter((axis) => output.includes(kernel[axis]!));
  const shapes = { kernel: kernelShape, inputAxes: axes.filter((axis) => !outputAxes.includes(axis)), outputAxes };
  if (biasAxes === null) return { ...shapes, bias: null };
  const first = Math.min(...[...biasAxes].map((label) => output.indexOf(label)));
  const bias = [...output.slice(first)].map((label) => (biasAxes.includes(label) ? known(label) : 1));
  return { ...shapes, bias: ellipsis === "right" ? [...bias, ...new Array<number>(elided).fill(1)] : bias };
}
