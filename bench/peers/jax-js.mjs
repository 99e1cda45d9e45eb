// Training steps and inference of jax-js (wasm), as JSON lines. Usage: node jax-js.mjs MODEL SECONDS
import { defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { measure } from "./measure.mjs";

await init("wasm");
defaultDevice("wasm");
const [model, seconds] = [process.argv[2], Number(process.argv[3] ?? 6)];

const random = (shape, scale = 0.05) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return np.array(Float32Array.from({ length: size }, () => (Math.random() - 0.5) * 2 * scale)).reshape(shape);
};
const zeros = (shape) => np.zeros(shape);
const dense = (...sizes) => sizes.slice(1).map((units, i) => [random([sizes[i], units]), zeros([units])]);
const mlp = (layers, x) =>
  layers.reduce((h, [w, b], i) => {
    const y = np.matmul(h, w.ref).add(b.ref);
    return i + 1 < layers.length ? nn.relu(y) : y;
  }, x);
const pool = (x) => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
const conv = (x, k, padding) => lax.convGeneralDilated(x, k.ref, [1, 1], padding);
const flat = (x) => x.reshape([x.shape[0], -1]);

const models = {
  mlp_100_64_10_b32_sgd: [32, [100], () => dense(100, 64, 10), mlp, "sgd", 10],
  mlp_784_64_64_10_b32_rmsprop: [32, [784], () => dense(784, 64, 64, 10), mlp, "rmsprop", 10],
  mlp_784_512_512_10_b128_adam: [128, [784], () => dense(784, 512, 512, 10), mlp, "adam", 10],
  lenet_28_b128_adam: [
    128,
    [1, 28, 28],
    () => [random([6, 1, 5, 5]), random([16, 6, 5, 5]), dense(400, 120, 84, 10)],
    (p, x) => mlp(p[2], flat(pool(nn.relu(conv(pool(nn.relu(conv(x, p[0], "SAME"))), p[1], "VALID"))))),
    "adam",
    10,
  ],
  convnet_28_b128_adam: [
    128,
    [1, 28, 28],
    () => [random([32, 1, 3, 3]), random([64, 32, 3, 3]), dense(1600, 10)],
    (p, x) => mlp(p[2], flat(pool(nn.relu(conv(pool(nn.relu(conv(x, p[0], "VALID"))), p[1], "VALID"))))),
    "adam",
    10,
  ],
  autoencoder_784_b128_adam: [128, [784], () => dense(784, 128, 32, 128, 784), mlp, "adam", 0],
};
if (!(model in models)) process.exit(0);
const [batch, shape, make, forward, optimizer, classes] = models[model];
const x = random([batch, ...shape], 1);
const labels = classes ? nn.oneHot(np.array(Array.from({ length: batch }, (_, i) => i % classes)).astype(np.int32), classes) : x.ref;
const lossOf = (p, x, y) => {
  const out = forward(p, x);
  return classes ? np.mean(np.sum(nn.logSoftmax(out).mul(y), -1)).mul(-1) : np.mean(np.square(out.sub(y)));
};
const update = {
  sgd: (p, g) => [p.sub(g.mul(0.01)), null, null],
  rmsprop: (p, g, m, v) => {
    const v2 = v.mul(0.99).add(g.ref.mul(g.ref).mul(0.01));
    return [p.sub(g.mul(1e-3).div(np.sqrt(v2.ref).add(1e-8))), m, v2];
  },
  adam: (p, g, m, v) => {
    const m2 = m.mul(0.9).add(g.ref.mul(0.1));
    const v2 = v.mul(0.999).add(g.ref.mul(g).mul(0.001));
    return [p.sub(m2.ref.mul(1e-3).div(np.sqrt(v2.ref).add(1e-8))), m2, v2];
  },
}[optimizer];
const plain = optimizer === "sgd";
const step = jit((p, m, v, x, y) => {
  const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(p), x, y);
  const [ps, def] = tree.flatten(p);
  const gs = tree.leaves(gradients);
  const ms = plain ? [] : tree.leaves(m);
  const vs = plain ? [] : tree.leaves(v);
  const next = ps.map((q, i) => update(q, gs[i], ms[i], vs[i]));
  return [
    loss,
    tree.unflatten(
      def,
      next.map((n) => n[0]),
    ),
    plain
      ? []
      : tree.unflatten(
          def,
          next.map((n) => n[1]),
        ),
    plain
      ? []
      : tree.unflatten(
          def,
          next.map((n) => n[2]),
        ),
  ];
});
const infer = jit((p, x) => forward(p, x));
let params = make();
const like = () => (plain ? [] : tree.map((a) => zeros(a.shape), params));
let [m, v] = [like(), like()];
const trainMs = await measure(async () => {
  const [loss, p, m2, v2] = step(params, m, v, x.ref, labels.ref);
  [params, m, v] = [p, m2, v2];
  await loss.data();
}, seconds);
const inferMs = await measure(async () => void (await infer(tree.ref(params), x.ref).data()), seconds / 3);
console.log(JSON.stringify({ peer: "jax-js 0.1.25 wasm", model, batch, train_ms: trainMs, infer_ms: inferMs }));
process.exit(0);
