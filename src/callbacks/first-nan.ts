/** Walks a graph operation by operation, with the meaning of each, until one makes a NaN out of numbers. */
import { InternalError } from "../errors.ts";
import type { Subgraph } from "../graph/index.ts";
import { type NdArray, type Node, type Tensor, typeOf, withScope } from "../graph/index.ts";
import { airIsDue, takeAir } from "../runtime/index.ts";

/** What was read of the values of a tensor. */
export interface ValueSummary {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Least and largest finite value; null where there is none. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly nans: number;
  readonly infinities: number;
}

/** Where the first infinity came from. */
export interface InfinityOrigin {
  readonly operation: string;
  readonly scope: string;
}

/** The operation that made the first NaN. */
export interface NaNFinding {
  /** Name of the primitive: `log`, `divide`. */
  readonly operation: string;
  /** Layer or operation the user wrote: `Sequential "net"/Dense "head"`; empty for what stands outside of all. */
  readonly scope: string;
  readonly inputs: readonly ValueSummary[];
  readonly output: ValueSummary;
  /** The operation before it that made the first infinity out of finite numbers, or an earlier step, if there was one. */
  readonly infinity: InfinityOrigin | null;
}

/** Counts NaN and infinities. */
export function summarizeValues({ shape, dtype, data }: NdArray): ValueSummary {
  let [minimum, maximum, nans, infinities] = [Infinity, -Infinity, 0, 0];
  for (const value of data) {
    if (Number.isNaN(value)) nans++;
    else if (!Number.isFinite(value)) infinities++;
    else {
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
    }
  }
  return { shape, dtype, minimum: minimum > maximum ? null : minimum, maximum: minimum > maximum ? null : maximum, nans, infinities };
}

class Found extends Error {
  readonly finding: NaNFinding;
  constructor(finding: NaNFinding) {
    super(finding.operation);
    this.finding = finding;
  }
}

class Walk {
  #infinity: InfinityOrigin | null;

  constructor(infinity: InfinityOrigin | null) {
    this.#infinity = infinity;
  }

  /** Throws Found where the operation made a NaN. */
  #inspect(node: Node, inputs: readonly NdArray[], outputs: readonly NdArray[]): void {
    for (const output of outputs) {
      if (output.dtype !== "float32" && output.dtype !== "float64") continue;
      const summary = summarizeValues(output);
      if (summary.nans === 0 && summary.infinities === 0) continue;
      const before = inputs.map(summarizeValues);
      if (summary.nans > 0 && before.every(({ nans }) => nans === 0)) {
        throw new Found({ operation: node.primitive.name, scope: node.scope, inputs: before, output: summary, infinity: this.#infinity });
      }
      const finite = before.every(({ infinities }) => infinities === 0);
      // Constants and fills are infinite on purpose.
      if (summary.infinities > 0 && finite && inputs.length > 0) this.#infinity ??= { operation: node.primitive.name, scope: node.scope };
    }
  }

  #step(node: Node, values: Map<Node, readonly (NdArray | undefined)[]>): void {
    const operands = node.primitive.lowering.kind === "identity" ? node.inputs.slice(0, 1) : node.inputs;
    const inputs = operands.map((tensor) => {
      const value = values.get(tensor.node)?.[tensor.index];
      if (value === undefined) throw new InternalError("NaNOrigin", `no value for ${tensor.node.primitive.name}`, tensor.toString());
      return value;
    });
    const outputs = withScope(node.scope === "" ? node.primitive.name : node.scope, () =>
      node.primitive.reference(inputs, node.attributes, node.types, (body, args) => this.body(body, args)),
    );
    this.#inspect(node, inputs, outputs);
    values.set(node, outputs);
  }

  /** The body of a loop. */
  body(graph: Subgraph, args: readonly NdArray[]): NdArray[] {
    const values = new Map<Node, (NdArray | undefined)[]>();
    graph.parameters.forEach((parameter, i) => {
      const outputs = values.get(parameter.node) ?? [];
      outputs[parameter.index] = args[i];
      values.set(parameter.node, outputs);
    });
    for (const node of ordered(graph.results, values)) this.#step(node, values);
    return graph.results.map((result) => values.get(result.node)![result.index]!);
  }

  async run(results: readonly Tensor[], values: Map<Node, readonly (NdArray | undefined)[]>): Promise<void> {
    for (const node of ordered(results, values)) {
      this.#step(node, values);
      if (airIsDue(0)) await takeAir();
    }
  }
}

/** What has to be computed, inputs first; given data is added to `values`. */
function ordered(results: readonly Tensor[], values: Map<Node, readonly (NdArray | undefined)[]>): Node[] {
  const needed = new Set<Node>();
  const pending = [...results];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    const { node, index } = tensor;
    if (values.get(node)?.[index] !== undefined || needed.has(node)) continue;
    const given = node.values[index];
    if (given !== undefined) {
      const outputs = [...(values.get(node) ?? [])];
      outputs[index] = { ...typeOf(tensor), data: given };
      values.set(node, outputs);
      continue;
    }
    needed.add(node);
    pending.push(...(node.primitive.lowering.kind === "identity" ? node.inputs.slice(0, 1) : node.inputs));
  }
  // A node is made after its inputs, so ids are a topological order.
  return [...needed].sort((a, b) => a.id - b.id);
}

/**
 * The first operation that makes a NaN on the way to `results`; null where none does. `leaves`: values of states, by leaf;
 * `infinity`: where one of them that is infinite already came from.
 */
export async function firstNaN(
  results: readonly Tensor[],
  leaves: ReadonlyMap<Tensor, NdArray>,
  infinity: InfinityOrigin | null,
): Promise<NaNFinding | null> {
  const values = new Map<Node, readonly (NdArray | undefined)[]>();
  for (const [leaf, value] of leaves) {
    const outputs = [...(values.get(leaf.node) ?? [])];
    outputs[leaf.index] = value;
    values.set(leaf.node, outputs);
  }
  try {
    await new Walk(infinity).run(results, values);
  } catch (error) {
    if (error instanceof Found) return error.finding;
    throw error;
  }
  return null;
}
