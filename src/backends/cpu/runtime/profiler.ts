/** Times of kernels, collected over all programs of a back-end, and their table. */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { MachinePeak } from "./measure-peak.ts";
import { type KernelWork, workOf } from "./work-of-kernel.ts";

/** Rows that the table shows; what is left is added up in one more. */
const shownRows = 40;

/** One kind of work: kernels of the same label and extents. */
interface Row {
  readonly label: string;
  readonly kind: string;
  readonly extents: string;
  readonly work: KernelWork;
  calls: number;
  milliseconds: number;
}

/** Collects times while kernels run one by one. */
export class Profiler {
  private readonly rows = new Map<string, Row>();
  private readonly named = new WeakMap<Kernel, Row>();

  /** Adds one run of a kernel. */
  add(kernel: Kernel, milliseconds: number): void {
    let row = this.named.get(kernel);
    if (row === undefined) {
      const extents = kernel.axes.map(({ extent }, i) => `${letterOf(kernel, i)}${extent}`).join(" ");
      const key = `${kernel.kind} ${extents} ${kernel.label}`;
      row = this.rows.get(key) ?? { label: kernel.label, kind: kernel.kind, extents, work: workOf(kernel), calls: 0, milliseconds: 0 };
      this.rows.set(key, row);
      this.named.set(kernel, row);
    }
    row.calls++;
    row.milliseconds += milliseconds;
  }

  get isEmpty(): boolean {
    return this.rows.size === 0;
  }

  /** The table, dearest kernels first. Shares of the peak are those of arithmetic or of memory, whichever is higher. */
  table(title: string, peak: MachinePeak): string {
    const rows = [...this.rows.values()].sort((a, b) => b.milliseconds - a.milliseconds);
    const total = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const cells = rows.slice(0, shownRows).map((row) => this.cells(row, total, peak));
    const rest = rows.slice(shownRows);
    if (rest.length > 0) {
      const milliseconds = rest.reduce((sum, row) => sum + row.milliseconds, 0);
      const calls = rest.reduce((sum, row) => sum + row.calls, 0);
      cells.push([milliseconds.toFixed(2), percent(milliseconds / total), String(calls), "", "", "", "", `${rest.length} more kernels`]);
    }
    const header = ["ms", "share", "calls", "us/call", "GFLOP/s", "GB/s", "of peak", "kernel"];
    const widths = header.map((text, column) => Math.max(text.length, ...cells.map((row) => row[column]!.length)));
    const line = (row: readonly string[]): string =>
      row.map((text, column) => (column === row.length - 1 ? text : text.padStart(widths[column]!))).join("  ");
    const head = `${title}: ${total.toFixed(1)} ms in kernels, run one by one; measured peak ${peak.gflops.toFixed(0)} GFLOP/s, ${peak.gigabytes.toFixed(0)} GB/s`;
    return [head, line(header), ...cells.map(line)].join("\n");
  }

  private cells({ label, kind, extents, work, calls, milliseconds }: Row, total: number, peak: MachinePeak): string[] {
    const seconds = milliseconds / 1e3 / calls;
    const gflops = work.operations / seconds / 1e9;
    const gigabytes = work.bytes / seconds / 1e9;
    return [
      milliseconds.toFixed(2),
      percent(milliseconds / total),
      String(calls),
      (seconds * 1e6).toFixed(1),
      gflops.toFixed(1),
      gigabytes.toFixed(1),
      percent(Math.max(gflops / peak.gflops, gigabytes / peak.gigabytes)),
      `${kind} (${extents})  ${label}`,
    ];
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function letterOf(kernel: Kernel, axis: number): string {
  if (kernel.kind === "contract") return kernel.roles[axis]!;
  return kernel.axes[axis]!.role === "reduce" ? "r" : "p";
}
