/** The five ways in which sequences go into recurrent nets and come out of them. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import { short, svgDocument, textAt } from "./svg.ts";

/** A way to map: the steps at which something goes in and comes out. */
export interface SequenceMapping {
  readonly name: string;
  readonly example: string;
  /** Numbers of the steps, from 0 on. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly steps: number;
}

/** The five of A. Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015. */
export const sequenceMappings: readonly SequenceMapping[] = [
  { name: "one to one", example: "image → class", inputs: [0], outputs: [0], steps: 1 },
  { name: "one to many", example: "image → caption", inputs: [0], outputs: [0, 1, 2], steps: 3 },
  { name: "many to one", example: "review → sentiment", inputs: [0, 1, 2], outputs: [2], steps: 3 },
  { name: "many to many", example: "German → English", inputs: [0, 1, 2], outputs: [2, 3, 4], steps: 5 },
  { name: "many to many, synced", example: "frames → labels", inputs: [0, 1, 2], outputs: [0, 1, 2], steps: 3 },
];

/** Options of `mappingChart`. */
export interface MappingChartOptions {
  /** Which are drawn. Default: all five. */
  readonly mappings?: readonly SequenceMapping[];
  readonly title?: string;
}

const box = { width: 22, height: 40, gap: 16, row: 74 } as const;
const fills = { input: "#f6dede", cell: "#e3f1dc", output: "#dbe9f6" } as const;

/**
 * An SVG picture of mappings of sequences: inputs below, the recurrent net's steps in the middle, outputs above.
 *
 * @example
 * writeFileSync("mappings.svg", mappingChart());
 */
export function mappingChart(options: MappingChartOptions = {}): string {
  checkOptions("mappingChart", options, ["mappings", "title"]);
  const { mappings = sequenceMappings, title } = options;
  const wrong = mappings.find(({ inputs, outputs, steps }) =>
    [...inputs, ...outputs].some((step) => !(Number.isInteger(step) && step >= 0 && step < steps)),
  );
  if (wrong !== undefined || mappings.length === 0)
    throw new ValueError({
      where: "mappingChart",
      problem: wrong === undefined ? "there is nothing to draw" : `"${wrong.name}" has inputs or outputs at steps that it has not`,
      expected: wrong === undefined ? "at least one mapping" : `steps 0 to ${wrong.steps - 1}`,
      received: wrong === undefined ? "none" : `inputs ${wrong.inputs.join(", ")}; outputs ${wrong.outputs.join(", ")}`,
    });
  const top = title === undefined ? 30 : 60;
  const parts = [
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0.8 L7.5 4 L0 7.2 z" fill="#556"/></marker></defs>',
  ];
  let left = 20;
  for (const { name, example, inputs, outputs, steps } of mappings) {
    const own = steps * (box.width + box.gap) - box.gap;
    const width = Math.max(own, name.length * 7.2, example.length * 6.4);
    const start = left + (width - own) / 2;
    const x = (step: number): number => start + step * (box.width + box.gap);
    const rect = (step: number, row: number, fill: string): string =>
      `<rect x="${short(x(step))}" y="${short(top + row * box.row)}" width="${box.width}" height="${box.height}" rx="3" fill="${fill}" stroke="#667"/>`;
    const up = (step: number, row: number): string =>
      `<path d="M${short(x(step) + box.width / 2)} ${short(top + row * box.row - 1)}V${short(top + (row - 1) * box.row + box.height + 2)}" stroke="#556" stroke-width="1.3" marker-end="url(#arrow)"/>`;
    for (let step = 0; step < steps; step++) {
      parts.push(rect(step, 1, fills.cell));
      if (step > 0) {
        const y = top + box.row + box.height / 2;
        parts.push(
          `<path d="M${short(x(step) - box.gap + 1)} ${short(y)}H${short(x(step) - 2)}" stroke="#0072B2" stroke-width="1.6" marker-end="url(#arrow)"/>`,
        );
      }
    }
    for (const step of inputs) parts.push(rect(step, 2, fills.input), up(step, 2));
    for (const step of outputs) parts.push(rect(step, 0, fills.output), up(step, 1));
    const middle = left + width / 2;
    parts.push(textAt(middle, top - 12, name, { size: 13, anchor: "middle", bold: true }));
    parts.push(textAt(middle, top + 2 * box.row + box.height + 20, example, { size: 12, anchor: "middle", color: "#444" }));
    left += width + 36;
  }
  const width = left - 36 + 20;
  if (title !== undefined) parts.push(textAt(width / 2, 26, title, { size: 15, anchor: "middle", bold: true }));
  return svgDocument(width, top + 2 * box.row + box.height + 34, title ?? "mappings of sequences", parts);
}
