/** The arrows of the design: what may import what. */
const only = (from, allowed) => ({
  name: `${from}-imports-only-below`,
  severity: "error",
  from: { path: `^src/${from}/`, pathNot: "\\.test\\.ts$|^src/testing/" },
  to: { path: "^src/", pathNot: [`^src/${from}/`, ...allowed.map((room) => `^src/${room}`)] },
});
const base = ["errors\\.ts", "dtype/", "config/"];
const front = ["serialization/", "ops/", "random/", "initializers/", "activations/", "regularizers/", "constraints/"];

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Primitives differentiate into one another; a loop body is a block of kernels.",
      severity: "error",
      from: { pathNot: "\\.test\\.ts$|^src/(primitives|compiler/passes)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "errors-and-dtype-import-nothing",
      severity: "error",
      from: { path: "^src/(errors\\.ts|dtype/)" },
      to: { path: "^src/", pathNot: "^src/(errors\\.ts|dtype/)" },
    },
    only("graph", base),
    only("primitives", [...base, "graph/"]),
    only("autodiff", [...base, "graph/", "primitives/"]),
    only("vectorization", [...base, "graph/", "primitives/"]),
    only("feature-space", [...base, ...front, "graph/", "layers/", "data/"]),
    only("bounding-boxes", [...base, "graph/", "serialization/", "ops/"]),
    only("compiler", [...base, "graph/", "primitives/"]),
    only("text", [...base, "graph/", "ops/", "data/random-indices\\.ts", "random/", "serialization/"]),
    only("downloads", [...base, "platform/"]),
    { ...only("backends", [...base, "graph/", "compiler/", "platform/", "primitives/"]) },
    {
      name: "back-ends-know-no-other",
      severity: "error",
      from: { path: "^src/backends/(reference|webgpu|xla)/" },
      to: { path: "^src/backends/cpu" },
    },
    {
      name: "front-end-names-no-back-end",
      severity: "error",
      from: {
        path: "^src/(graph|primitives|autodiff|ops|layers|losses|metrics|optimizers|models|initializers|activations)/",
        pathNot: "\\.test\\.ts$",
      },
      to: { path: "^src/backends/" },
    },
    only("applications", [
      ...base,
      "graph/",
      "primitives/",
      ...front,
      "layers/",
      "losses/",
      "metrics/",
      "models/",
      "data/",
      "saving/",
      "platform/",
    ]),
    only("unsupervised", [
      ...base,
      "graph/",
      "primitives/",
      ...front,
      "layers/",
      "losses/",
      "metrics/",
      "optimizers/",
      "models/",
      "data/",
      "platform/",
    ]),
    only("classical", [...base, "graph/", "primitives/", "serialization/", "ops/", "data/", "platform/"]),
    {
      name: "saving-stands-below-the-command-line",
      severity: "error",
      from: { path: "^src/saving/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/(applications|unsupervised|classical|reinforcement|cli|backends)/" },
    },
    {
      name: "no-node-built-ins",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(platform|cli)/|\\.test\\.ts$|^src/testing/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "nobody-imports-the-worker",
      comment: "A subpath of its own: what the root registers must not hold it.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(worker|testing)/" },
      to: { path: "^src/worker/" },
    },
    { name: "tests-are-not-imported", severity: "error", from: { pathNot: "\\.test\\.ts$" }, to: { path: "\\.test\\.ts$" } },
    {
      name: "layers-and-losses-below-models",
      severity: "error",
      from: {
        path: `^src/(${front.map((r) => r.replace("/", "")).join("|")}|layers|losses|metrics|optimizers)/`,
        pathNot: "\\.test\\.ts$",
      },
      to: { path: "^src/(models|applications|callbacks)/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { conditionNames: ["source", "import", "types"] },
  },
};
