/** Copies of graphs with some tensors replaced by others. */
import { parameterTensor } from "./leaves.ts";
import type { Primitive } from "./primitive.ts";
import { Node, Tensor, typeOf } from "./tensor.ts";

/**
 * A growing replacement of tensors: `of(t)` is t with everything that was `set` replaced below it. Nodes that do not
 * depend on a replaced tensor stay as they are; the others are copied once, with their scopes. A replacement must have the
 * shape and dtype of what it replaces.
 */
export class Substitution {
  readonly #replaced = new Map<Node, (Tensor | undefined)[]>();
  /** Nodes older than everything that is replaced cannot depend on it: they are not looked at. */
  #oldest = Infinity;

  /** Replaces `tensor` wherever it is used. Set everything before the first `of`. */
  set(tensor: Tensor, replacement: Tensor): this {
    let list = this.#replaced.get(tensor.node);
    if (list === undefined) this.#replaced.set(tensor.node, (list = []));
    list[tensor.index] = replacement;
    this.#oldest = Math.min(this.#oldest, tensor.node.id);
    return this;
  }

  /** The copy of `tensor`; `tensor` itself where nothing below it is replaced. */
  of(tensor: Tensor): Tensor {
    // In order of need, without recursion: a graph may be deeper than the stack.
    const stack = [tensor];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (this.#known(top) !== undefined) {
        stack.pop();
        continue;
      }
      const waiting = top.node.inputs.filter((input) => this.#known(input) === undefined);
      if (waiting.length > 0) stack.push(...waiting);
      else this.#copy(top.node);
    }
    return this.#known(tensor)!;
  }

  #known(tensor: Tensor): Tensor | undefined {
    return tensor.node.id < this.#oldest ? tensor : this.#replaced.get(tensor.node)?.[tensor.index];
  }

  #copy(node: Node): void {
    const inputs = node.inputs.map((input) => this.#known(input)!);
    const changed = inputs.some((input, i) => input.node !== node.inputs[i]!.node || input.index !== node.inputs[i]!.index);
    const copy = changed ? new Node(this.#primitiveOf(node), inputs, node.attributes, node.types, node.scope) : node;
    const list = this.#replaced.get(node) ?? [];
    // An output that was replaced stays replaced.
    node.types.forEach((_, index) => (list[index] ??= new Tensor(copy, index)));
    this.#replaced.set(node, list);
  }

  /** A custom gradient's rule speaks about the tensors it was written for: what it returns is copied too. */
  #primitiveOf(node: Node): Primitive {
    const { primitive } = node;
    const rule = primitive.gradient;
    if (primitive.name !== "withGradient" || rule === null) return primitive;
    return {
      ...primitive,
      gradient: (context) => {
        const stand = context.cotangents.map((cotangent) => {
          if (cotangent === undefined) return undefined;
          const { shape, dtype } = typeOf(cotangent);
          const placeholder = parameterTensor(shape, dtype);
          this.set(placeholder, cotangent);
          return placeholder;
        });
        return rule({ ...context, cotangents: stand }).map((gradient) => (gradient === null ? null : this.of(gradient)));
      },
    };
  }
}
