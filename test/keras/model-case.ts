/** A recorded random model: what it gives, its gradients, and where training takes it, compared with what the same model does here. */
import { gradients } from "../../src/autodiff/index.ts";
import { isFloat } from "../../src/dtype/index.ts";
import type { Tensor } from "../../src/graph/index.ts";
import { resetAutoNames, setDtypePolicy } from "../../src/layers/index.ts";
import { type Model, modelFromJSON } from "../../src/models/index.ts";
import { type Case, decode, difference, revive, type StoredArray, toTensor } from "./cases.ts";

/** A tensor and what it should be. */
export type Pair = readonly [what: string, found: Tensor, wanted: StoredArray | null | undefined];

/** By policy: of the forward pass with its gradients, and of training. */
export const tolerances: Readonly<Record<string, { forward: Near; trained: Near }>> = {
  float32: { forward: { rtol: 5e-5, atol: 2e-5 }, trained: { rtol: 2e-4, atol: 2e-4 } },
  mixed_float16: { forward: { rtol: 2 ** -7, atol: 2 ** -9 }, trained: { rtol: 2 ** -6, atol: 2 ** -6 } },
  mixed_bfloat16: { forward: { rtol: 2 ** -4, atol: 2 ** -6 }, trained: { rtol: 2 ** -4, atol: 2 ** -4 } },
};

/** How near numbers must be. */
export interface Near {
  readonly rtol: number;
  readonly atol: number;
}

/** What tensors differ in, or null. */
export async function compare(pairs: readonly Pair[], tolerance: Near): Promise<string | null> {
  for (const [what, found, wanted] of pairs) {
    if (wanted === null || wanted === undefined) continue;
    const problem = difference({ shape: found.shape, dtype: found.dtype, data: await found.data() }, wanted, tolerance);
    if (problem !== null) return `${what}: ${problem}`;
    if (found.dtype !== decode(wanted).dtype) return `${what} is ${found.dtype} instead of ${wanted.dtype}`;
  }
  return null;
}

/** What numbers by name differ in, or null. */
export function numbers(
  what: string,
  found: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
  near: Near,
): string | null {
  const [ours, theirs] = [Object.keys(found).sort().join(), Object.keys(wanted).sort().join()];
  if (ours !== theirs) return `${what} of ${ours} instead of ${theirs}`;
  for (const [key, value] of Object.entries(revive(wanted) as Record<string, unknown>)) {
    for (const [i, number] of ([value].flat() as number[]).entries()) {
      const got = ([found[key]].flat() as number[])[i]!;
      if (!(Math.abs(got - number) <= near.atol + near.rtol * Math.abs(number)) && !Object.is(got, number))
        return `${what}: ${key} ${i} is ${got} instead of ${number}`;
    }
  }
  return null;
}

async function forward(entry: Case, model: Model, near: Near): Promise<string | null> {
  const inputs = (entry["inputs"] as StoredArray[]).map(toTensor);
  const training = entry["training"] as boolean;
  const call = model as unknown as (x: unknown, options: object) => Tensor | Tensor[];
  const run = (): Tensor[] => [call(inputs.length > 1 ? inputs : inputs[0], { training })].flat();
  const named = (what: string, found: readonly Tensor[], key: string): Pair[] =>
    found.map((tensor, i) => [`${what} ${i}`, tensor, (entry[key] as (StoredArray | null)[])[i]]);
  const stored = entry["weights"] as { value: StoredArray }[];

  const outputs = run();
  const wrong = await compare(named("output", outputs, "outputs"), near);
  if (wrong !== null) return wrong;
  const losses = entry["losses"] as number[];
  if (losses.length !== model.losses.length) return `${model.losses.length} losses instead of ${losses.length}`;
  const penalties = await Promise.all(model.losses.map((loss) => loss.item()));
  const off = numbers("added losses", { losses: penalties }, { losses }, near);
  if (off !== null) return off;
  const kept = model.weights.filter((weight) => !weight.trainable).map((weight) => weight.read());
  const after = await compare(named("non-trainable weight", kept, "non_trainable_after"), near);
  if (after !== null) return after;

  await model.setWeights(stored.map(({ value }) => toTensor(value)));
  const cotangents = entry["cotangents"] as (StoredArray | null)[];
  const sources: Pair[] = [
    ...named("gradient of input", inputs, "input_grads"),
    ...model.weights.map((weight, i): Pair => [
      `gradient of ${weight.path}`,
      weight.read(),
      (entry["weight_grads"] as (StoredArray | null)[])[i],
    ]),
  ].filter(([, source, wanted]) => wanted !== null && wanted !== undefined && isFloat(source.dtype));
  const found = gradients(
    run(),
    sources.map(([, source]) => source),
    { cotangents: cotangents.map((cotangent) => toTensor(cotangent!)) },
  );
  return compare(
    found.map((gradient, i): Pair => [sources[i]![0], gradient, sources[i]![2]]),
    near,
  );
}

async function training(entry: Case, model: Model, near: Near): Promise<string | null> {
  const stored = entry["weights"] as { value: StoredArray }[];
  await model.setWeights(stored.map(({ value }) => toTensor(value)));
  model.compileFromConfig(entry["compile_config"] as Record<string, unknown>);
  const one = (key: string): never => {
    const tensors = (entry[key] as StoredArray[]).map(toTensor);
    return (tensors.length > 1 ? tensors : tensors[0]) as never;
  };
  const fit = entry["fit"] as {
    epochs: number;
    batch_size: number;
    sample_weight: StoredArray | null;
    class_weight?: Record<number, number>;
  };
  const { history } = await model.fit(one("inputs"), one("targets"), {
    epochs: fit.epochs,
    batchSize: fit.batch_size,
    sampleWeight: (fit.sample_weight === null ? null : toTensor(fit.sample_weight)) as never,
    classWeight: fit.class_weight ?? null,
    shuffle: false,
    verbose: 0,
  });
  const wrong =
    numbers("history", history, entry["history"] as Record<string, number[]>, near) ??
    (await compare(
      model.weights.map((weight, i): Pair => [
        `${weight.path} after training`,
        weight.read(),
        (entry["final_weights"] as StoredArray[])[i],
      ]),
      near,
    ));
  if (wrong !== null) return wrong;
  // Where an optimizer is built within another one, Keras has the outer name in the paths, and misses what Nadam and
  // Adafactor make without a name.
  const plain = (path: string): string => path.replace(/^loss_scale_optimizer\/(?=.*\/)/, "");
  const slots = (entry["optimizer_variables"] as { path: string; value: StoredArray }[]).map((slot) => ({
    ...slot,
    path: plain(slot.path),
  }));
  const unnamed = entry["policy"] === "mixed_float16" ? /^(nadam\/variable|adafactor\/[^/]*(?<!iteration|learning_rate))$/ : /^$/;
  const named = <T extends { readonly path: string }>(all: readonly T[]): T[] => all.filter(({ path }) => !unnamed.test(path));
  const ours = named(model.optimizer.variables);
  const [paths, wanted] = [
    ours.map((slot) => slot.path).join(),
    named(slots)
      .map((slot) => slot.path)
      .join(),
  ];
  if (paths !== wanted) return `optimizer variables ${paths} instead of ${wanted}`;
  const off = await compare(
    ours.map((slot, i): Pair => [slot.path, slot.read(), named(slots)[i]!.value]),
    near,
  );
  if (off !== null) return off;
  const evaluated = await model.evaluate(one("inputs"), one("targets"), { batchSize: 3, verbose: 0 });
  const predicted = (await model.predict(one("inputs"), { batchSize: 3 })) as Tensor | Tensor[];
  return (
    numbers("evaluate", evaluated, entry["evaluate"] as Record<string, number>, near) ??
    (await compare(
      [predicted].flat().map((tensor, i): Pair => [`prediction ${i}`, tensor, (entry["predict"] as StoredArray[])[i]]),
      near,
    ))
  );
}

/** What a model differs in, or null: JSON, paths of weights, outputs, gradients, losses, training. */
export async function checkModelCase(entry: Case): Promise<string | null> {
  return await underPolicy(entry, check);
}

/** Checks a case under its policy: a model's own, by which compile() scales losses, is not in its JSON. */
export async function underPolicy(entry: Case, check: (entry: Case) => Promise<string | null>): Promise<string | null> {
  setDtypePolicy(entry["policy"] as "mixed_float16");
  try {
    return await check(entry);
  } finally {
    setDtypePolicy(null);
  }
}

async function check(entry: Case): Promise<string | null> {
  resetAutoNames();
  const near = tolerances[entry["policy"] as string]!;
  const model = modelFromJSON(entry["json"] as object);
  const weights = entry["weights"] as { path: string; value: StoredArray }[];
  const [ours, wanted] = [model.weights.map((weight) => weight.path).join(), weights.map((weight) => weight.path).join()];
  if (ours !== wanted) return `weights ${ours} instead of ${wanted}`;
  await model.setWeights(weights.map(({ value }) => toTensor(value)));
  return (await forward(entry, model, near.forward)) ?? (await training(entry, model, near.trained));
}
