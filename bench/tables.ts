/** Markdown tables of what was measured. */
import type { Row } from "./processes.ts";

/** The median; NaN of nothing. */
export function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
}

/** A number in three digits or so; "-" for NaN. */
export function text(x: number): string {
  return Number.isNaN(x) ? "-" : x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [`| ${header.join(" | ")} |`, `|${header.map(() => "---").join("|")}|`, ...rows.map((row) => `| ${row.join(" | ")} |`)];
}

/** One table per own back-end and kind of step: ms, and how many times faster we are than each peer. */
export function stepTables(rows: readonly Row[], names: readonly string[], peak: (peer: string) => number): string[] {
  const figure = (model: string, peer: string, key: "train_ms" | "infer_ms" | "first_ms" | "gflops"): number =>
    median(rows.filter((row) => row.model === model && row.peer === peer).flatMap((row) => (row[key] === undefined ? [] : [row[key]])));
  const peers = [...new Set(rows.filter(({ model }) => model !== undefined).map((row) => row.peer))];
  const others = peers.filter((peer) => !peer.startsWith("nabla"));
  const lines: string[] = [];
  for (const own of peers.filter((peer) => peer.startsWith("nabla"))) {
    for (const kind of ["train_ms", "infer_ms"] as const) {
      const isTraining = kind === "train_ms";
      const extra = isTraining ? ["GFLOP/s", "of peak", "first ms"] : [];
      const ratios = new Map<string, number[]>();
      const body = names.map((name) => {
        const mine = figure(name, own, kind);
        const rate = figure(name, own, "gflops");
        const more = isTraining ? [text(rate), `${text((100 * rate) / peak(own))} %`, text(figure(name, own, "first_ms"))] : [];
        const cells = others.map((peer) => {
          const theirs = figure(name, peer, kind);
          if (Number.isNaN(theirs)) {
            const hasFailed = rows.some((row) => row.model === name && row.peer === peer && row.error !== undefined);
            return hasFailed ? "cannot" : "-";
          }
          if (!Number.isNaN(mine)) (ratios.get(peer) ?? ratios.set(peer, []).get(peer)!).push(theirs / mine);
          return `${text(theirs)} (${text(theirs / mine)})`;
        });
        return [name, text(mine), ...more, ...cells];
      });
      const mean = (list: readonly number[]): number => Math.exp(list.reduce((sum, x) => sum + Math.log(x), 0) / list.length);
      const means = others.map((peer) => (ratios.has(peer) ? `(${text(mean(ratios.get(peer)!))})` : "-"));
      lines.push(
        "",
        `**${own}, ${isTraining ? "training step" : "inference"}**: ms, and in brackets how many times faster it is than the peer`,
        "",
      );
      lines.push(...table(["model", own, ...extra, ...others], [...body, ["geometric mean", "", ...extra.map(() => ""), ...means]]));
    }
  }
  const failures = [...new Set(rows.filter((row) => row.error !== undefined).map((row) => `${row.peer}: ${row.error ?? ""}`))];
  if (failures.length > 0) lines.push("", ...failures.map((failure) => `cannot: ${failure}`));
  return lines;
}

/** Contractions: GFLOP/s of everybody on one and more threads, and ours over the peer's. */
export function workTable(rows: readonly Row[], peak: (peer: string) => number): string[] {
  const measured = rows.filter(({ work }) => work !== undefined);
  const names = [...new Set(measured.map(({ work }) => work!))];
  const threads = [...new Set(measured.map((row) => row.threads ?? 1))].sort((a, b) => a - b);
  const peers = [...new Set(measured.map(({ peer }) => peer))];
  const columns = threads.flatMap((count) => peers.map((peer) => ({ peer, count })));
  const rate = (work: string, peer: string, count: number): number =>
    median(measured.filter((row) => row.work === work && row.peer === peer && (row.threads ?? 1) === count).map(({ gflops }) => gflops!));
  const rival = peers.find((peer) => !peer.startsWith("nabla"));
  const body = names.map((work) => [
    work,
    ...columns.map(({ peer, count }) => {
      const mine = rate(work, peer, count);
      if (Number.isNaN(mine)) return "-";
      if (!peer.startsWith("nabla")) return text(mine);
      const share = `${text((100 * mine) / (count * peak(peer)))} %`;
      return `${text(mine)} (${share}${rival === undefined ? "" : `; ${text(mine / rate(work, rival, count))}`})`;
    }),
  ]);
  const header = ["contraction", ...columns.map(({ peer, count }) => `${peer}, ${count} thread${count === 1 ? "" : "s"}`)];
  return ["", "**Single contractions**: GFLOP/s (share of the peak loop times threads; times the peer's)", "", ...table(header, body)];
}
