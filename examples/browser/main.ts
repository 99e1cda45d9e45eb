/** LeNet-5 learns in a worker of this page, which shows how: loss, filters, and what it reads in a drawing. */
import { backendInfo, callbacks, Input, layers, Model, setBackend, tensor, type Tensor } from "nabla";
import { inWorker } from "nabla/worker";
import { DrawingPad, paintGrey } from "./drawing-pad.ts";
import { FilterView } from "./filter-view.ts";
import { type Choice, choices, type Images, mnistIsThere } from "./images.ts";
import { drawLosses } from "./loss-chart.ts";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const canvas = (id: string): HTMLCanvasElement => element<HTMLCanvasElement>(id);
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const [status, progress] = [element<HTMLOutputElement>("status"), element<HTMLProgressElement>("progress")];

/** Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", 1998, with relu. */
const first = layers.Conv2D({ filters: 6, kernelSize: 5, padding: "same", activation: "relu", name: "c1" });
const inputs = Input({ shape: [28, 28, 1] });
const maps = first(inputs);
const rest = [
  layers.AveragePooling2D({ name: "s2" }),
  layers.Conv2D({ filters: 16, kernelSize: 5, activation: "relu", name: "c3" }),
  layers.AveragePooling2D({ name: "s4" }),
  layers.Flatten(),
  layers.Dense({ units: 120, activation: "relu", name: "c5" }),
  layers.Dropout({ rate: 0.3 }),
  layers.Dense({ units: 84, activation: "relu", name: "f6" }),
  layers.Dense({ units: 10, activation: "softmax", name: "output" }),
];
const model = new Model({ inputs, outputs: rest.reduce((x: Tensor, layer) => layer(x), maps) });
/** The same layers, so the same weights: what a drawing looks like after the first one, and the answer. */
const looking = new Model<Tensor, [Tensor, Tensor]>({ inputs, outputs: [maps, model.output] });

const filters = new FilterView(element("filters"), 6, 5);
const pad = new DrawingPad(canvas("pad"), () => void look());
const bars = Array.from({ length: 10 }, (_, digit) => {
  const row = document.createElement("li");
  row.innerHTML = `<b>${digit}</b><i></i><em></em>`;
  element("bars").append(row);
  return row;
});
let images: Images | null = null;
let curves: { training: [number, number][]; held: [number, number][]; steps: number } = { training: [], held: [], steps: 1 };
const redraw = (): void => drawLosses(canvas("chart"), curves);

let looksAgain = false;
let isLooking = false;
/** Shows filters and what the network makes of the drawing; calls that come meanwhile become one. */
async function look(): Promise<void> {
  looksAgain = true;
  if (isLooking) return;
  isLooking = true;
  while (looksAgain) {
    looksAgain = false;
    filters.showFilters(await first.weights[0]!.data());
    const drawn = pad.read();
    const image = drawn ?? new Float32Array(784);
    paintGrey(canvas("seen"), image, 28);
    const [responses, answer] = await looking.predict(tensor(image, { shape: [1, 28, 28, 1] }));
    filters.showResponses(drawn === null ? new Float32Array(6 * 784) : await responses.data());
    showAnswer(drawn === null ? null : await answer.data());
  }
  isLooking = false;
}

function showAnswer(shares: ArrayLike<number> | null): void {
  const best = shares === null ? -1 : Array.from(shares).indexOf(Math.max(...Array.from(shares)));
  element("answer").textContent = best < 0 ? "?" : String(best);
  bars.forEach((row, digit) => {
    const share = shares?.[digit] ?? 0;
    row.style.setProperty("--share", String(share));
    row.lastElementChild!.textContent = shares === null ? "" : `${(100 * share).toFixed(0)} %`;
  });
}

async function train(choice: Choice, backend: string, epochs: number, batchSize: number, signal: AbortSignal): Promise<void> {
  status.textContent = "loading the images";
  images = await choice.load();
  element("source").textContent = images.source;
  const { xTrain, yTrain, xTest, yTest } = images;
  const count = yTrain.length;
  const steps = Math.ceil(count / batchSize);
  curves = { training: [], held: [], steps: steps * epochs };
  redraw();
  if (pad.isEmpty) showSample();
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  status.textContent = "starting the worker";
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const remote = await inWorker(model, { worker, backend });
  const info = await remote.backendInfo();
  showFacts(info);
  let [done, epoch, begun, before, smooth] = [0, 0, performance.now(), 0, 0];
  const watch = callbacks.LambdaCallback({
    onEpochBegin: (index) => void (epoch = index),
    onTrainBatchEnd: async (batch, logs) => {
      done = epoch * steps + batch + 1;
      if (done === 1) begun = performance.now();
      // The logs hold the mean over the epoch so far; the loss of this batch is what moved it.
      const loss = logs["loss"]! * (batch + 1) - before * batch;
      before = logs["loss"]!;
      smooth = done === 1 ? loss : 0.95 * smooth + 0.05 * loss;
      if (done % 5 !== 0) return;
      curves.training.push([done, smooth]);
      status.textContent = `epoch ${epoch + 1} of ${epochs}, step ${batch + 1} of ${steps}`;
      progress.value = done / (steps * epochs);
      element("loss").textContent = smooth.toFixed(3);
      element("speed").textContent = Math.round((1000 * (done - 1) * batchSize) / (performance.now() - begun)).toLocaleString("en");
      redraw();
      if (done % 15 === 0) {
        await remote.copyTo(model);
        void look();
      }
    },
    onEpochEnd: (_, logs) => {
      curves.held.push([done, logs["val_loss"]!]);
      element("accuracy").textContent = `${(100 * logs["val_accuracy"]!).toFixed(1)} %`;
      redraw();
    },
  });
  try {
    const x = tensor(xTrain, { shape: [count, 28, 28, 1] });
    const validationData = [tensor(xTest, { shape: [yTest.length, 28, 28, 1] }), tensor(yTest)] as const;
    const { epoch: all } = await remote.fit(x, tensor(yTrain), {
      epochs,
      batchSize,
      validationData,
      validationBatchSize: 250,
      verbose: 0,
      callbacks: [watch],
      signal,
    });
    await remote.copyTo(model);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    status.textContent = signal.aborted
      ? `stopped after ${all.length} epochs`
      : `learned ${count.toLocaleString("en")} images in ${seconds} s`;
    progress.value = signal.aborted ? progress.value : 1;
    await look();
  } finally {
    await remote.close();
    worker.terminate();
  }
}

function showSample(): void {
  if (images === null) return;
  const { xTest, yTest } = images;
  const at = Math.floor(Math.random() * yTest.length);
  pad.show(xTest.subarray(784 * at, 784 * (at + 1)), 28);
  void look();
}

function showFacts(info: Readonly<Record<string, string | number | boolean>>): void {
  const threads = typeof info["threads"] === "number" ? `, ${info["threads"]} thread${info["threads"] === 1 ? "" : "s"}` : "";
  element("facts").textContent =
    `${model.countParams().toLocaleString("en")} parameters · ${String(info["target"] ?? info["name"])}${threads}`;
  if (typeof info["fewer threads"] === "string") element("facts").title = info["fewer threads"];
}

/** Frames per second: what a user feels of a page that trains. */
function countFrames(): void {
  let [frames, since] = [0, performance.now()];
  const tick = (now: number): void => {
    frames++;
    if (now - since >= 1000) {
      element("frames").textContent = String(Math.round((1000 * frames) / (now - since)));
      [frames, since] = [0, now];
    }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

async function main(): Promise<void> {
  await setBackend("wasm");
  const all = choices(await mnistIsThere());
  const [dataChoice, backendChoice] = [element<HTMLSelectElement>("data"), element<HTMLSelectElement>("backend")];
  all.forEach(({ title }, i) => dataChoice.add(new Option(title, String(i))));
  backendChoice.add(new Option("WebAssembly", "wasm"));
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu;
  if (gpu !== undefined && (await gpu.requestAdapter()) !== null) backendChoice.add(new Option("WebGPU", "webgpu"));
  let controller: AbortController | null = null;
  element("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    controller = new AbortController();
    [start.disabled, stop.disabled] = [true, false];
    const [epochs, batch] = [Number(element<HTMLInputElement>("epochs").value), Number(element<HTMLInputElement>("batch").value)];
    train(all[Number(dataChoice.value)]!, backendChoice.value, epochs, batch, controller.signal)
      .catch((error: unknown) => (status.textContent = error instanceof Error ? error.message : String(error)))
      .finally(() => ([start.disabled, stop.disabled] = [false, true]));
  });
  stop.addEventListener("click", () => controller?.abort());
  element("clear").addEventListener("click", () => {
    pad.clear();
    void look();
  });
  element("sample").addEventListener("click", () => {
    if (images !== null) showSample();
    else void all[0]!.load().then((loaded) => ((images = loaded), showSample()));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (redraw(), void look()));
  new ResizeObserver(redraw).observe(canvas("chart"));
  countFrames();
  await look();
  showFacts(backendInfo());
}

void main();
