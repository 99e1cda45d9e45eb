/** Loops and branches: inner blocks whose parameters and results are tied to buffers outside. */
import { dtypes } from "../../dtype/index.ts";
import { InternalError } from "../../errors.ts";
import { sizeOf, type Subgraph } from "../../graph/index.ts";
import { Block, type DraftStep } from "../draft.ts";
import { flatten, type Op } from "../flat-graph.ts";
import { buildKernels } from "./build-kernels.ts";
import { pushCopy, pushScalar } from "./push-map.ts";
import { simplify } from "./simplify.ts";

/** Adds the steps of a scan, while or cond to the block and binds its outputs. */
export function buildControlFlow(block: Block, op: Op): void {
  switch (op.primitive.lowering.kind) {
    case "scan":
      return buildScan(block, op);
    case "while":
      return buildWhile(block, op);
    case "cond":
      return buildCond(block, op);
    default:
      throw new InternalError("compiler", `${op.primitive.name} is no control flow`);
  }
}

/** The buffer of a value; a run-time scalar gets one. */
function bufferOf(block: Block, value: number): number {
  if (!block.hasBuffer(value)) {
    const buffer = block.draft.addFor(block.type(value));
    pushScalar(block, value, buffer);
    block.bind(value, buffer);
  }
  return block.bufferOf(value);
}

/** Builds a body whose parameters are bound to `parameters`; each result is copied to all buffers of `targets[i]`. */
function buildBody(
  block: Block,
  body: Subgraph,
  parameters: readonly number[],
  targets: readonly (readonly number[])[],
  label: string,
): DraftStep[] {
  const inner = new Block(block.draft, simplify(flatten(body)));
  inner.graph.parameters.forEach((value, i) => inner.bind(value, parameters[i]!));
  // A result that is made inside may be written where it belongs at once.
  const claimed = new Set<number>();
  inner.graph.results.forEach((value, i) => {
    const target = targets[i]![0];
    if (target === undefined || inner.hasBuffer(value) || claimed.has(value) || inner.graph.data.has(value)) return;
    const { kind } = inner.producer[value]!.primitive.lowering;
    if (kind === "scan" || kind === "while" || kind === "cond" || kind === "reshape" || kind === "identity") return;
    inner.bind(value, target);
    claimed.add(value);
  });
  buildKernels(inner);
  inner.graph.results.forEach((value, i) => {
    for (const target of targets[i]!) {
      const source = bufferOf(inner, value);
      // In the shape of the value, so that the copy joins the kernel that makes it.
      if (source !== target) pushCopy(inner, source, target, label, inner.type(value).shape);
    }
  });
  return inner.steps;
}

/** inputs: carries, then xs, then constants; outputs: final carries, then ys. */
function buildScan(block: Block, op: Op): void {
  const { draft } = block;
  const body = op.attributes["body"] as Subgraph;
  const carries = Number(op.attributes["carries"]);
  const xs = Number(op.attributes["xs"]);
  const length = Number(op.attributes["length"]);
  const reverse = op.attributes["reverse"] === true;
  const inputs = op.inputs.map((value) => bufferOf(block, value));
  const loop = draft.newLoop();
  const label = op.scope === "" ? "scan" : `${op.scope}/scan`;
  const parameters: number[] = [];
  const targets: number[][] = [];
  for (let i = 0; i < carries; i++) {
    const type = block.type(op.inputs[i]!);
    const [even, odd] = [draft.addFor(type), draft.addFor(type)];
    pushCopy(block, inputs[i]!, even, label);
    parameters.push(draft.add(type.dtype, sizeOf(type.shape), { kind: "alternate", even, odd, loop }));
    targets.push([draft.add(type.dtype, sizeOf(type.shape), { kind: "alternate", even: odd, odd: even, loop })]);
    block.bind(op.outputs[i]!, length % 2 === 0 ? even : odd);
  }
  const slice = (of: number, value: number): number => {
    const { dtype, shape } = block.type(value);
    const elements = sizeOf(shape.slice(1));
    return draft.add(dtype, elements, { kind: "slice", of, loop, strideBytes: elements * dtypes[draft.buffers[of]!.dtype].bytes, reverse });
  };
  for (let i = carries; i < carries + xs; i++) parameters.push(slice(inputs[i]!, op.inputs[i]!));
  for (let i = carries + xs; i < inputs.length; i++) parameters.push(inputs[i]!);
  for (const value of op.outputs.slice(carries)) {
    const stacked = draft.addFor(block.type(value));
    block.bind(value, stacked);
    targets.push([slice(stacked, value)]);
  }
  const steps = buildBody(block, body, parameters, targets, label);
  if (length > 0) block.steps.push({ kind: "loop", loop, trips: length, condition: null, body: steps });
}

/** inputs: carries, then constants (seen by condition and body); outputs: final carries. */
function buildWhile(block: Block, op: Op): void {
  const { draft } = block;
  const carries = op.outputs.length;
  const inputs = op.inputs.map((value) => bufferOf(block, value));
  const loop = draft.newLoop();
  const label = op.scope === "" ? "while" : `${op.scope}/while`;
  const current = op.outputs.map((value) => draft.addFor(block.type(value)));
  const next = op.outputs.map((value) => draft.addFor(block.type(value)));
  current.forEach((buffer, i) => pushCopy(block, inputs[i]!, buffer, label));
  const parameters = [...current, ...inputs.slice(carries)];
  const condition = draft.add("bool", 1);
  const test = (): DraftStep[] => buildBody(block, op.attributes["condition"] as Subgraph, parameters, [[condition]], label);
  block.steps.push(...test());
  const body = buildBody(
    block,
    op.attributes["body"] as Subgraph,
    parameters,
    next.map((buffer) => [buffer]),
    label,
  );
  const back = new Block(draft, block.graph);
  next.forEach((buffer, i) => pushCopy(back, buffer, current[i]!, label));
  const limit = op.attributes["maximumIterations"];
  block.steps.push({
    kind: "loop",
    loop,
    trips: typeof limit === "number" ? limit : Number.MAX_SAFE_INTEGER,
    condition,
    body: [...body, ...back.steps, ...test()],
  });
  op.outputs.forEach((value, i) => block.bind(value, current[i]!));
}

/** inputs: predicate, then operands of both branches; outputs: results of the branch taken. */
function buildCond(block: Block, op: Op): void {
  const { draft } = block;
  const inputs = op.inputs.map((value) => bufferOf(block, value));
  const outputs = op.outputs.map((value) => draft.addFor(block.type(value)));
  const label = op.scope === "" ? "cond" : `${op.scope}/cond`;
  const branch = (name: string): DraftStep[] =>
    buildBody(
      block,
      op.attributes[name] as Subgraph,
      inputs.slice(1),
      outputs.map((buffer) => [buffer]),
      label,
    );
  block.steps.push({ kind: "branch", condition: inputs[0]!, then: branch("then"), else: branch("else") });
  op.outputs.forEach((value, i) => block.bind(value, outputs[i]!));
}
