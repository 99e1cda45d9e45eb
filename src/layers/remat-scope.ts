/** Rematerialization of layers that are made within a scope (`keras.RematScope`). */
import { remat } from "../autodiff/index.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { Layer } from "./layer.ts";
import { rematScopes } from "./open-remat-scopes.ts";

/** Which layers, or which part of them. */
export type RematMode = "full" | "activations" | "larger_than" | "list_of_layers" | null;

/** Options of RematScope. */
export interface RematScopeOptions {
  /** Default "full". */
  readonly mode?: RematMode;
  /** For "larger_than": elements of the output from which on a layer is computed again. Default 1024. */
  readonly outputSizeThreshold?: number;
  /** For "list_of_layers". */
  readonly layerNames?: readonly string[] | null;
}

const modes: readonly RematMode[] = ["full", "activations", "larger_than", "list_of_layers", null];

/**
 * Layers that are made while the scope is open do not keep what they compute for the backward pass: their `call` runs
 * again there (see `remat`). "full": all of them; "activations": only their activation function; "larger_than": those whose
 * output has more elements than `outputSizeThreshold`; "list_of_layers": those named; null: none, within another scope. A
 * model is no layer in this sense: its layers are. The scope opens when it is made and closes with the block of `using`, or
 * by `close()`.
 *
 * @example
 * {
 *   using _scope = new RematScope();
 *   for (let i = 0; i < 50; i++) model.add(layers.Dense({ units: 512, activation: "gelu" }));
 * }
 */
export class RematScope {
  readonly mode: RematMode;
  readonly outputSizeThreshold: number;
  readonly layerNames: readonly string[];

  constructor(options: RematScopeOptions = {}) {
    checkOptions("RematScope", options, ["mode", "outputSizeThreshold", "layerNames"]);
    const { mode = "full", outputSizeThreshold = 1024, layerNames = null } = options;
    if (!modes.includes(mode))
      throw new ValueError({
        where: "RematScope",
        problem: "there is no such mode",
        expected: modes.map((name) => JSON.stringify(name)).join(", "),
        received: JSON.stringify(mode) ?? String(mode),
      });
    this.mode = mode;
    this.outputSizeThreshold = outputSizeThreshold;
    this.layerNames = layerNames ?? [];
    rematScopes.open = [...rematScopes.open, this];
  }

  /** Closes the scope. Closing again does nothing. */
  close(): void {
    rematScopes.open = rematScopes.open.filter((scope) => scope !== this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Runs the computation of a layer that was made within this scope. */
  rematerialized(layer: Layer, inputs: readonly unknown[], compute: (inputs: readonly unknown[]) => unknown): unknown {
    switch (this.mode) {
      case "full":
        return remat(compute)(inputs);
      case "list_of_layers":
        return (this.layerNames.includes(layer.name) ? remat(compute) : compute)(inputs);
      case "larger_than":
        return remat(compute, {
          when: (outputs) => outputs.reduce((sum, { size }) => sum + size, 0) > this.outputSizeThreshold,
        })(inputs);
      case "activations": {
        const held = layer as unknown as { activation?: unknown };
        const { activation } = held;
        if (typeof activation !== "function") return compute(inputs);
        held.activation = remat(activation as (x: Tensor) => Tensor);
        try {
          return compute(inputs);
        } finally {
          held.activation = activation;
        }
      }
      case null:
        return compute(inputs);
    }
  }
}
