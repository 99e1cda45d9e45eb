/** The structure of applications: layers, shapes, parameters, weights and their order as Keras has them. */
import { modelOf } from "./applications.ts";
import { type Case, loadCases, testCases } from "./cases.ts";

/** Where two lists differ first, or null. */
function firstDifference(what: string, actual: readonly unknown[], wanted: readonly unknown[]): string | null {
  const texts = [actual, wanted].map((list) => list.map((entry) => JSON.stringify(entry)));
  const place = texts[1]!.findIndex((text, i) => text !== texts[0]![i]);
  if (place >= 0) return `${what} ${place} is ${texts[0]![place]} instead of ${texts[1]![place]}`;
  return actual.length === wanted.length ? null : `${actual.length} ${what}s instead of ${wanted.length}`;
}

function run(entry: Case): string | null {
  const model = modelOf(entry);
  const graph = model.graph!;
  const layers = model.layers.map((layer) => {
    const shape = graph.callsOf(layer)[0]!.outputs[0]!.shape;
    return [layer.name, layer.className, shape, layer.countParams()];
  });
  const weights = model.weights.map((weight) => [weight.path.split("/").slice(-2).join("/"), weight.shape]);
  const trainable = model.trainableWeights.reduce((sum, { size }) => sum + size, 0);
  const counts = [model.countParams(), trainable, weights.length];
  return (
    firstDifference("layer", layers, entry["layers"] as unknown[]) ??
    (entry["weights"] === undefined ? null : firstDifference("weight", weights, entry["weights"] as unknown[])) ??
    firstDifference("count", counts, [entry["total_params"], entry["trainable_params"], entry["weight_count"]])
  );
}

const names = new Set(loadCases("applications_structure").map((entry) => entry["application"]));

testCases(
  "applications_structure",
  (entry) => entry["application"] as string,
  (name) => names.has(name),
  run,
);
