/** Loaded programs, found by structure. Bounded: the ones that were not used for longest go first. */
import type { Backend, Executable, RunArguments } from "../backends/backend.ts";
import type { TypedArray } from "../dtype/index.ts";
import { onBackendChange } from "./backends.ts";
import { KeptResults } from "./kept-results.ts";
import { loadProgram } from "./load.ts";
import { type Plan, subgraphOf } from "./plan.ts";

/** Most programs that are kept for graphs that are merely read. */
export const maximumPrograms = 128;
/** Most characters of keys that are kept: a bound on what a few huge graphs may hold. */
export const maximumKeyCharacters: number = 32 * 2 ** 20;

/** A loaded program. It is freed when it has left the cache and nobody holds it. */
export class LoadedProgram {
  readonly backend: Backend;
  readonly executable: Executable;
  #holders = 0;
  #cached = true;
  /** Results of the last run that stay in the program's memory; null: none, or they were fetched. */
  #kept: KeptResults | null = null;

  constructor(backend: Backend, executable: Executable) {
    this.backend = backend;
    this.executable = executable;
  }

  /** Runs. What another owner has left in the program's memory is fetched first. */
  run(job: RunArguments, owner: object | null): TypedArray[] | Promise<TypedArray[]> {
    const kept = this.#kept;
    if (kept !== null && kept.owner !== owner) {
      this.#kept = null;
      return kept.fetch().then(() => this.executable.run(job));
    }
    return this.executable.run(job);
  }

  /** The results that the run to come (`reads: false`) leaves for `owner`. Call it when that run has been started. */
  keep(owner: object): KeptResults {
    if (this.#kept?.owner !== owner) this.#kept = new KeptResults(owner, this.executable);
    return this.#kept;
  }

  /** Keeps the program from being freed until `release`. */
  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    this.#freeIfUnused();
  }

  /** Called when the program leaves the cache. */
  evict(): void {
    this.#cached = false;
    this.#freeIfUnused();
  }

  #freeIfUnused(): void {
    if (!this.#cached && this.#holders === 0) this.executable.free();
  }
}

/** How often programs were found and made, for tests and profiles. */
export interface CacheCounts {
  readonly programs: number;
  readonly hits: number;
  readonly misses: number;
}

const programs = new Map<string, LoadedProgram>();
let characters = 0;
let hits = 0;
let misses = 0;
onBackendChange(clearPrograms);

/** The program of a plan on `backend`: found, or compiled and loaded. */
export function programFor(plan: Plan, backend: Backend): LoadedProgram {
  const found = programs.get(plan.key);
  if (found !== undefined && found.backend === backend) {
    hits++;
    // A Map keeps insertion order: the first entry is the one that was not used for longest.
    programs.delete(plan.key);
    programs.set(plan.key, found);
    return found;
  }
  const executable = loadProgram(backend, subgraphOf(plan), {
    arguments: plan.argumentTypes.length,
    states: plan.states.length,
    writtenStates: plan.written.map(({ index }) => index),
  });
  misses++;
  const program = new LoadedProgram(backend, executable);
  if (found !== undefined) drop(plan.key, found);
  programs.set(plan.key, program);
  characters += plan.key.length;
  program.hold();
  for (const [key, oldest] of programs) {
    if ((programs.size <= maximumPrograms && characters <= maximumKeyCharacters) || oldest === program) break;
    drop(key, oldest);
  }
  program.release();
  return program;
}

function drop(key: string, program: LoadedProgram): void {
  programs.delete(key);
  characters -= key.length;
  program.evict();
}

/** Drops every program that nobody holds; others go when they are released. */
export function clearPrograms(): void {
  for (const [key, program] of programs) drop(key, program);
}

/** How many programs are kept, and how often one was found or made. */
export function cacheCounts(): CacheCounts {
  return { programs: programs.size, hits, misses };
}
