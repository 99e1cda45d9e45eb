/** Networks and their errors side by side, as summaries of ILSVRC show them. */

/** A network and what it reached. */
export interface NetworkResult {
  readonly name: string;
  readonly year?: number | null;
  /** Layers that have weights, one behind the other. */
  readonly depth?: number | null;
  /** Number of weights: `model.countParams()`. */
  readonly parameters?: number | null;
  /** Shares from 0 to 1, as `topErrors` gives them. */
  readonly top1?: number | null;
  readonly top5?: number | null;
}

/**
 * The best classifications of ILSVRC's test images by year, and what a trained human reached: Russakovsky and others, "ImageNet
 * Large Scale Visual Recognition Challenge", 2015, sections 5.1 and 6.4; He and others, "Deep Residual Learning", 2016, table 5.
 * Errors are those of the submission, mostly of several networks together; parameters are one network's.
 */
export const ilsvrcResults: readonly NetworkResult[] = [
  { name: "NEC-UIUC (no network)", year: 2010, top5: 0.282 },
  { name: "XRCE (no network)", year: 2011, top5: 0.258 },
  { name: "AlexNet", year: 2012, depth: 8, parameters: 60_965_224, top5: 0.164 },
  { name: "Clarifai", year: 2013, depth: 8, top5: 0.117 },
  { name: "VGG", year: 2014, depth: 19, parameters: 143_667_240, top5: 0.0732 },
  { name: "GoogLeNet", year: 2014, depth: 22, parameters: 6_998_552, top5: 0.0666 },
  { name: "human", year: 2014, top5: 0.051 },
  { name: "ResNet", year: 2015, depth: 152, parameters: 60_419_944, top5: 0.0357 },
];

const thousands = (value: number): string => value.toLocaleString("en");
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/** The columns; one that no row has anything for is left out. */
const columns: readonly { readonly title: string; readonly text: (result: NetworkResult) => string | null; readonly isLeft?: boolean }[] = [
  { title: "year", text: ({ year }) => (year == null ? null : String(year)) },
  { title: "network", text: ({ name }) => name, isLeft: true },
  { title: "layers", text: ({ depth }) => (depth == null ? null : thousands(depth)) },
  { title: "parameters", text: ({ parameters }) => (parameters == null ? null : thousands(parameters)) },
  { title: "top-1 error", text: ({ top1 }) => (top1 == null ? null : percent(top1)) },
  { title: "top-5 error", text: ({ top5 }) => (top5 == null ? null : percent(top5)) },
];

/**
 * A table of networks as text, in the given order, with a bar for each top-5 error (top-1 where there is no top-5).
 *
 * @example
 * console.log(evaluation.resultsTable([...evaluation.ilsvrcResults, { name: "mine", top1, top5 }]));
 */
export function resultsTable(results: readonly NetworkResult[]): string {
  const shown = columns.filter(({ text }) => results.some((result) => text(result) !== null));
  const cells = shown.map(({ title, text }) => [title, ...results.map((result) => text(result) ?? "")]);
  const widths = cells.map((column) => Math.max(...column.map((cell) => cell.length)));
  const line = (row: number): string =>
    shown.map(({ isLeft }, i) => (isLeft === true ? cells[i]![row]!.padEnd(widths[i]!) : cells[i]![row]!.padStart(widths[i]!))).join("  ");
  const largest = Math.max(1e-12, ...results.map(({ top1, top5 }) => top5 ?? top1 ?? 0));
  const bar = ({ top1, top5 }: NetworkResult): string => "█".repeat(Math.round((20 * (top5 ?? top1 ?? 0)) / largest));
  const rows = results.map((result, i) => `${line(i + 1)}  ${bar(result)}`.trimEnd());
  return [line(0).trimEnd(), "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...rows].join("\n");
}
