/** Graphs of ONNX files before anything runs: order of nodes, names, operators. */
import { nearestNames, UnknownNameError } from "../../../errors.ts";
import { FormatError } from "../../source.ts";
import type { FunctionProto, GraphProto, NodeProto } from "../schema.ts";
import { operators } from "./operators.ts";

/** Domains whose operators are ONNX's own. */
const standard: ReadonlySet<string> = new Set(["", "ai.onnx"]);

/** Key of a function of the model. */
export function functionKey(domain: string | undefined, name: string | undefined): string {
  return `${domain ?? ""}:${name ?? ""}`;
}

/** Bodies among the attributes of a node. */
export function bodiesOf(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => [...(g === undefined ? [] : [g]), ...graphs]);
}

/**
 * Brings the nodes of a graph and of its bodies into an order in which inputs come before their use. Throws FormatError
 * where that cannot be (a circle, a value nobody makes) or a value has two makers.
 */
export function orderNodes(
  where: string,
  graph: Pick<GraphProto, "node" | "initializer" | "input" | "output" | "sparseInitializer">,
  outside: ReadonlySet<string> = new Set(),
): void {
  const available = new Set([
    ...outside,
    "",
    ...graph.initializer.map(({ name }) => name ?? ""),
    ...graph.input.map(({ name }) => name ?? ""),
  ]);
  const makers = new Set<string>();
  for (const name of graph.node.flatMap(({ output }) => output)) {
    if (name !== "" && makers.has(name)) throw new FormatError({ where, problem: "a value is made twice", received: JSON.stringify(name) });
    makers.add(name);
  }
  const needs = graph.node.map((node) => {
    const inner = bodiesOf(node).flatMap((body) => freeNames(body));
    return [...new Set([...node.input, ...inner])].filter((name) => makers.has(name) || !available.has(name));
  });
  const ordered: NodeProto[] = [];
  let waiting = graph.node.map((node, i) => ({ node, missing: new Set(needs[i]!.filter((name) => !available.has(name))) }));
  const users = new Map<string, (typeof waiting)[number][]>();
  for (const entry of waiting) for (const name of entry.missing) users.set(name, [...(users.get(name) ?? []), entry]);
  const queue = waiting.filter(({ missing }) => missing.size === 0);
  for (let at = 0; at < queue.length; at++) {
    const entry = queue[at]!;
    ordered.push(entry.node);
    for (const name of entry.node.output) {
      for (const user of users.get(name) ?? []) if (user.missing.delete(name) && user.missing.size === 0) queue.push(user);
      available.add(name);
    }
  }
  waiting = waiting.filter(({ missing }) => missing.size > 0);
  if (waiting.length > 0) {
    const missing = [...waiting[0]!.missing];
    const circle = missing.every((name) => makers.has(name));
    throw new FormatError({
      where,
      problem: circle ? "the nodes depend on each other in a circle" : "a node takes a value that nobody makes",
      received: `${waiting[0]!.node.opType ?? "?"} "${waiting[0]!.node.name ?? ""}" takes ${missing
        .slice(0, 4)
        .map((name) => JSON.stringify(name))
        .join(", ")}`,
    });
  }
  const lost = graph.output.find(({ name }) => !available.has(name ?? ""));
  if (lost !== undefined)
    throw new FormatError({ where, problem: "an output is made by nobody", received: JSON.stringify(lost.name ?? "") });
  graph.node.splice(0, graph.node.length, ...ordered);
  const seen = new Set([...available]);
  for (const node of graph.node) for (const body of bodiesOf(node)) orderNodes(where, body, seen);
}

/** Names that a body takes from around it. */
function freeNames(graph: GraphProto): string[] {
  const own = new Set([
    ...graph.initializer.map(({ name }) => name ?? ""),
    ...graph.input.map(({ name }) => name ?? ""),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const used = [
    ...graph.node.flatMap((node) => [...node.input, ...bodiesOf(node).flatMap(freeNames)]),
    ...graph.output.map(({ name }) => name ?? ""),
  ];
  return used.filter((name) => name !== "" && !own.has(name));
}

/** Throws UnknownNameError with every operator that is not there. */
export function checkOperators(where: string, graph: Pick<GraphProto, "node">, functions: ReadonlyMap<string, FunctionProto>): void {
  const unknown = new Set<string>();
  const visit = (nodes: readonly NodeProto[]): void => {
    for (const node of nodes) {
      const { opType = "", domain = "" } = node;
      const known = standard.has(domain) && Object.hasOwn(operators, opType);
      if (!known && !functions.has(functionKey(domain, opType))) unknown.add(domain === "" ? opType : `${domain}.${opType}`);
      for (const body of bodiesOf(node)) visit(body.node);
    }
  };
  visit(graph.node);
  for (const { node } of functions.values()) visit(node);
  if (unknown.size === 0) return;
  const [first] = unknown;
  const near = nearestNames(first!, Object.keys(operators));
  throw new UnknownNameError({
    where,
    problem:
      unknown.size === 1 ? "the model uses an operator that is not there" : `the model uses ${unknown.size} operators that are not there`,
    received: [...unknown].slice(0, 20).join(", "),
    ...(near.length > 0 ? { expected: `operators of ONNX that inference needs; nearest: ${near.join(", ")}` } : {}),
    advice: "export the model for inference, with operators of ONNX itself (domain ai.onnx)",
  });
}
