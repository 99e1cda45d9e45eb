/** Whether a 3x3 convolution is computed by minimal filtering, and how: a model of what it takes. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { isShortFloat } from "../../../../dtype/index.ts";
import type { CpuTarget, WinogradUse } from "../../target.ts";
import { extentOf, fullRank } from "./arrange-axes.ts";
import { elementNanoseconds, FilteredBlocks } from "./filtered-blocks.ts";
import { FilteredGradient } from "./filtered-gradient.ts";
import type { Binding } from "./pad-operand.ts";
import type { ScheduledContraction } from "./schedule.ts";
import { places, tileExtent } from "./tile-maps.ts";
import { Winograd } from "./winograd.ts";
import { chooseTile } from "./tile-shape.ts";
import { type WinogradForm, winogradForm } from "./winograd-form.ts";

/**
 * The convolution as minimal filtering, scheduled in blocks of tiles or to be rewritten around a contraction; null where it
 * is none (see `winogradForm`), or (for "auto") where it takes too much memory or would hardly be faster.
 */
export function filterMinimally(bound: Binding, target: CpuTarget, use: WinogradUse): ScheduledContraction | Winograd | null {
  const form = winogradForm(bound.kernel);
  if (form === null || use === "never") return null;
  const full: Binding = { ...bound, kernel: fullRank(bound.kernel) };
  const plans = use === "whole" ? [] : [...FilteredBlocks.all(full, form, target), ...FilteredGradient.all(full, form, target)];
  const blocks = plans
    .filter((plan) => plan.bytes <= mostBytes)
    .reduce<FilteredBlocks | FilteredGradient | null>(
      (best, plan) => (best === null || plan.nanoseconds < best.nanoseconds ? plan : best),
      null,
    );
  if (use === "blocks" && blocks !== null) return blocks.schedule();
  const whole = new Winograd(bound, form, target);
  if (use !== "auto") return whole;
  const limit = directNanoseconds(bound.kernel, form, target) * mostShare;
  const bytes = whole.temporaries.reduce((sum, { elements }) => sum + elements * 4, 0);
  const wholeTime = bytes <= mostBytes ? wholeNanoseconds(bound.kernel, form, target) : Infinity;
  const preference = hasShortOperand(bound.kernel) ? shortPreference : 1;
  if (blocks !== null && blocks.nanoseconds <= Math.min(limit, wholeTime * preference)) return blocks.schedule();
  return wholeTime <= limit ? whole : null;
}

/** Most bytes that the temporaries of one convolution may take: beyond, it is computed otherwise. */
const mostBytes = 2 ** 28;
/** How much longer blocks may take where operands have two bytes an element: whole arrays are float32, and memory is what those are for. */
const shortPreference = 1.15;

function hasShortOperand({ accesses, buffers, lhs, rhs }: ContractKernel): boolean {
  return [lhs, rhs].some((a) => isShortFloat(buffers[accesses[a]!.buffer]!.dtype));
}

/** Share of the direct form's time that is aimed at; above, the saving is not worth the memory. */
const mostShare = 0.9;

/** Nanoseconds of multiply-adds, as in the schedule of contractions: tiles that wait for their loads take longer. */
function productNanoseconds(kernel: ContractKernel, { columns }: WinogradForm, rows: number, steps: number, target: CpuTarget): number {
  const vectors = Math.ceil(extentOf(kernel, columns) / target.lanes);
  return (rows * steps * chooseTile(Infinity, vectors, target).cycles) / 2;
}

function directNanoseconds(kernel: ContractKernel, form: WinogradForm, target: CpuTarget): number {
  const { windows, images, channels } = form;
  const results = extentOf(kernel, [...windows.map(({ place }) => place), ...images]);
  return productNanoseconds(kernel, form, results, 9 * extentOf(kernel, channels), target);
}

function wholeNanoseconds(kernel: ContractKernel, form: WinogradForm, target: CpuTarget): number {
  const { windows, images, channels, columns } = form;
  const [inputs, outputs] = [extentOf(kernel, channels), extentOf(kernel, columns)];
  const tiles = windows.reduce(
    (product, { place }) => product * Math.ceil(kernel.axes[place]!.extent / tileExtent),
    extentOf(kernel, images),
  );
  const elements = places * (tiles * (inputs + outputs) + inputs * outputs);
  return productNanoseconds(kernel, form, tiles * places, inputs, target) + elements * elementNanoseconds(false, target);
}
