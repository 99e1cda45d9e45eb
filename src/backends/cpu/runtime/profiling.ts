/** Profiles that the environment asks for. */
import { platform } from "../../../platform/index.ts";
import type { CpuTarget } from "../target.ts";
import type { Machine } from "./machine.ts";
import { measureMachinePeak } from "./measure-peak.ts";
import { ProfileWalk } from "./profile-walk.ts";
import { Profiler } from "./profiler.ts";

/**
 * Where NABLA_PROFILE is 1: the machine with walks that time every kernel; the table is written to the error output when
 * the program ends. Otherwise the machine as it is.
 */
export function profiled(machine: Machine, target: CpuTarget): Machine {
  if (platform.environment("NABLA_PROFILE") !== "1") return machine;
  const profiler = new Profiler();
  platform.onExit(() => {
    if (profiler.isEmpty) return;
    platform.report(profiler.table(`${target.name} on ${machine.threads.count} threads`, measureMachinePeak(machine, target)));
  });
  const watched: Machine = { ...machine, walk: (program) => new ProfileWalk(watched, program, profiler) };
  return watched;
}
