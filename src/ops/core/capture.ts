/** Bodies of loops: a function over tensors as a closed graph, what it uses from outside as further parameters. */
import { apply, flattenTree, type Node, parameterTensor, type Primitive, Subgraph, Tensor, typeOf } from "../../graph/index.ts";

/** A traced body. */
export interface Captured {
  /** Parameters: those given, then one per entry of `captures`. */
  readonly body: Subgraph;
  /** Tensors from outside that the body uses. */
  readonly captures: readonly Tensor[];
}

/**
 * Closes `results`, computed from `parameters`, over what they use from outside. Constants are copied into the body;
 * everything else that does not depend on the parameters is computed outside and passed in.
 */
export function capture(parameters: readonly Tensor[], results: readonly Tensor[]): Captured {
  return captureAll([{ parameters, results }])[0]!;
}

/** Several bodies that receive the same captures (the branches of cond, condition and body of while). */
export function captureAll(bodies: readonly { readonly parameters: readonly Tensor[]; readonly results: readonly Tensor[] }[]): Captured[] {
  const captures: Tensor[] = [];
  const copies = bodies.map(({ parameters }) => new Copy(parameters, captures));
  const results = bodies.map((body, i) => body.results.map((tensor) => copies[i]!.of(tensor)));
  return bodies.map((body, i) => ({
    // A body that does not use a capture of another still takes it.
    body: new Subgraph([...body.parameters, ...captures.map((_, position) => copies[i]!.captureParameter(position))], results[i]!),
    captures,
  }));
}

/** Copies a graph node by node, with tensors from outside replaced by parameters. */
class Copy {
  private readonly inside = new Map<Node, boolean>();
  private readonly replaced = new Map<Tensor["node"], (Tensor | undefined)[]>();
  private readonly captureParameters: Tensor[] = [];
  private readonly captures: Tensor[];

  constructor(parameters: readonly Tensor[], captures: Tensor[]) {
    this.captures = captures;
    for (const parameter of parameters) {
      this.inside.set(parameter.node, true);
      this.note(parameter, parameter);
    }
  }

  captureParameter(position: number): Tensor {
    const outer = this.captures[position]!;
    const type = typeOf(outer);
    return (this.captureParameters[position] ??= parameterTensor(type.shape, type.dtype));
  }

  of(tensor: Tensor): Tensor {
    // Copied in order of need without recursion: a body may be deeper than the stack.
    const stack = [tensor];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const waiting =
        this.known(top) === undefined && this.isCopied(top.node) ? top.node.inputs.filter((input) => this.known(input) === undefined) : [];
      if (waiting.length > 0) {
        stack.push(...waiting);
        continue;
      }
      stack.pop();
      if (this.known(top) === undefined) this.copy(top);
    }
    return this.known(tensor)!;
  }

  private copy(tensor: Tensor): void {
    const { node } = tensor;
    if (node.primitive.name === "constant" || node.primitive.name === "iota") return this.note(tensor, tensor);
    // A broadcast of something from outside is made inside: the something is smaller, and its gradient a sum at once.
    if (!this.isCopied(node)) {
      let position = this.captures.findIndex((outer) => outer.node === node && outer.index === tensor.index);
      if (position < 0) position = this.captures.push(tensor) - 1;
      return this.note(tensor, this.captureParameter(position));
    }
    const inputs = node.inputs.map((input) => this.known(input)!);
    const same = inputs.every((input, i) => input === node.inputs[i]);
    if (same) return this.note(tensor, tensor);
    apply(this.primitiveOf(node), inputs, node.attributes).forEach((copy, index) => this.note(new Tensor(node, index), copy));
  }

  /** The rule of a custom gradient speaks about the original tensors: what it returns is copied too. */
  private primitiveOf(node: Node): Primitive {
    const { primitive } = node;
    if (primitive.name !== "withGradient" || primitive.gradient === null) return primitive;
    const rule = primitive.gradient;
    return {
      ...primitive,
      gradient: (context) => {
        const placeholders = context.cotangents.map((cotangent) => {
          if (cotangent === undefined) return undefined;
          const type = typeOf(cotangent);
          const placeholder = parameterTensor(type.shape, type.dtype);
          this.inside.set(placeholder.node, true);
          this.note(placeholder, cotangent);
          return placeholder;
        });
        return rule({ ...context, cotangents: placeholders }).map((gradient) => (gradient === null ? null : this.of(gradient)));
      },
    };
  }

  /** Whether a node is made inside. */
  private isCopied(node: Node): boolean {
    return this.depends(node) || node.primitive.name === "broadcastInDim";
  }

  /** Whether a node depends on a parameter of the body. */
  private depends(start: Node): boolean {
    const stack = [start];
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      if (this.inside.has(node)) {
        stack.pop();
        continue;
      }
      const unknown = node.inputs.filter((input) => !this.inside.has(input.node));
      if (unknown.length > 0) {
        stack.push(...unknown.map((input) => input.node));
        continue;
      }
      this.inside.set(
        node,
        node.inputs.some((input) => this.inside.get(input.node)),
      );
      stack.pop();
    }
    return this.inside.get(start)!;
  }

  private known(tensor: Tensor): Tensor | undefined {
    return this.replaced.get(tensor.node)?.[tensor.index];
  }

  private note(tensor: Tensor, replacement: Tensor): void {
    let list = this.replaced.get(tensor.node);
    if (list === undefined) this.replaced.set(tensor.node, (list = []));
    list[tensor.index] = replacement;
  }
}

/** Placeholders of the types of a tree's tensors, in order. */
export function placeholders(tree: unknown): Tensor[] {
  return flattenTree(tree).map((tensor) => {
    const type = typeOf(tensor);
    return parameterTensor(type.shape, type.dtype);
  });
}
