/** Numbers that change while an agent learns. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";

/** A number for each step, the first being 0. */
export type Schedule = (step: number) => number;

/** Options of `linearSchedule` and `exponentialSchedule`. */
export interface ScheduleOptions {
  readonly from: number;
  readonly to: number;
  /** Steps until `to` is reached; it then stays. */
  readonly steps: number;
}

function checked(where: string, options: ScheduleOptions): ScheduleOptions {
  checkOptions(where, options, ["from", "to", "steps"]);
  if (![options.from, options.to].every(Number.isFinite) || !(options.steps > 0))
    throw new ValueError({
      where,
      problem: "this is no schedule",
      expected: "finite numbers from and to, and steps above 0",
      received: JSON.stringify(options),
    });
  return options;
}

/** Evenly from one number to another: `from + (to - from) min(1, step / steps)`. */
export function linearSchedule(options: ScheduleOptions): Schedule {
  const { from, to, steps } = checked("linearSchedule", options);
  return (step) => (step >= steps ? to : from + ((to - from) * step) / steps);
}

/** By equal factors from one number to another: `from (to / from)^min(1, step / steps)`. Throws ValueError for numbers that are not positive. */
export function exponentialSchedule(options: ScheduleOptions): Schedule {
  const where = "exponentialSchedule";
  const { from, to, steps } = checked(where, options);
  if (!(from > 0 && to > 0))
    throw new ValueError({ where, problem: "factors never reach 0", expected: "from and to above 0", received: `${from} and ${to}` });
  return (step) => (step >= steps ? to : from * (to / from) ** (step / steps));
}
