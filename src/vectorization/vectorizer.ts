/** The walk: copies a graph for one example into a graph for all of them. */
import { InternalError } from "../errors.ts";
import { concreteShape, type Node, parameterTensor, type Subgraph, Tensor, typeOf } from "../graph/index.ts";
import { withGradient } from "../primitives/index.ts";
import { type Batched, spread } from "./batched.ts";
import { batchRuleOf } from "./rules.ts";

/** Values of the tensors of one example for all examples. Nodes are replaced once; more may be asked for later. */
export class Vectorizer {
  readonly #size: number;
  readonly #known = new Map<Node, (Batched | undefined)[]>();

  constructor(size: number) {
    this.#size = size;
  }

  /** What stands for `tensor`. Set before anything that depends on it is asked for. */
  set(tensor: Tensor, value: Batched): this {
    let list = this.#known.get(tensor.node);
    if (list === undefined) this.#known.set(tensor.node, (list = []));
    list[tensor.index] = value;
    return this;
  }

  /** The value of `tensor` for all examples, or the tensor itself where it depends on none. */
  of(tensor: Tensor): Batched {
    // In order of need, without recursion: a graph may be deeper than the stack.
    const stack = [tensor];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (this.#at(top) !== undefined) {
        stack.pop();
        continue;
      }
      const waiting = top.node.inputs.filter((input) => this.#at(input) === undefined);
      if (waiting.length > 0) stack.push(...waiting);
      else this.#replace(top.node);
    }
    return this.#at(tensor)!;
  }

  /** The value of `tensor` with the batch axis. */
  spread(tensor: Tensor): Tensor {
    return spread(this.of(tensor), this.#size);
  }

  #at(tensor: Tensor): Batched | undefined {
    return this.#known.get(tensor.node)?.[tensor.index];
  }

  #replace(node: Node): void {
    const inputs = node.inputs.map((input) => this.#at(input)!);
    const note = (index: number, value: Batched): void => {
      // An output that was set stays.
      if (this.#known.get(node)?.[index] === undefined) this.set(new Tensor(node, index), value);
    };
    if (!inputs.some((input) => input.mapped)) {
      node.types.forEach((_, index) => note(index, { tensor: new Tensor(node, index), mapped: false }));
      return;
    }
    this.#results(node, inputs).forEach((tensor, index) => note(index, { tensor, mapped: true }));
  }

  #results(node: Node, inputs: readonly Batched[]): readonly Tensor[] {
    if (node.primitive.name === "withGradient") return [this.#withGradient(node, inputs)];
    const rule = batchRuleOf(node.primitive);
    if (rule === undefined) throw new InternalError("vectorization", `${node.primitive.name} has no rule`);
    return rule({ node, inputs, size: this.#size, vectorizeBody: (body, parameters) => this.#body(body, parameters) });
  }

  #body(body: Subgraph, parameters: readonly Batched[]): Tensor[] {
    const inner = new Vectorizer(this.#size);
    body.parameters.forEach((parameter, i) => inner.set(parameter, parameters[i]!));
    return body.results.map((result) => inner.spread(result));
  }

  /** A custom gradient speaks about one example: what its rule returns is vectorized like everything else. */
  #withGradient(node: Node, inputs: readonly Batched[]): Tensor {
    const [value, ...sources] = inputs.map((input) => spread(input, this.#size)) as [Tensor, ...Tensor[]];
    const rule = node.primitive.gradient;
    return withGradient(value, sources, (cotangent) => {
      const { shape, dtype } = typeOf(cotangent);
      const one = parameterTensor(shape.slice(1), dtype);
      this.set(one, { tensor: cotangent, mapped: true });
      const found = rule!({
        inputs: node.inputs,
        outputs: [new Tensor(node, 0)],
        attributes: node.attributes,
        cotangents: [one],
        needed: node.inputs.map(() => true),
        differentiate: () => {
          throw new InternalError("vectorization", "a custom gradient has no body");
        },
      });
      return found.slice(1).map((gradient) => (gradient === null ? null : this.spread(gradient)));
    });
  }
}

/** The number of examples: the extent of axis 0, the same for all. */
export function exampleCount(tensors: readonly Tensor[]): number | undefined {
  const counts = tensors.map((tensor) => concreteShape(tensor)[0]);
  return counts.every((count) => count === counts[0]) ? counts[0] : undefined;
}
