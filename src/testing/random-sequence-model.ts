/** Small models over sequences and images, drawn by chance: of what threads take slices of the batch through. */
import { Input, type Layer, layers, Sequential, tensor, type Tensor } from "../index.ts";
import { sizeOf } from "../graph/index.ts";
import { Random } from "./random.ts";

/** A model with data for it. */
export interface RandomSequenceModel {
  readonly model: Sequential;
  readonly x: Tensor;
  /** Rows of the batch. */
  readonly batch: number;
  /** Its layers and the batch, for messages. */
  readonly text: string;
  /** Its layers go on where the last call ended. */
  readonly isStateful: boolean;
}

/** Batches that threads share evenly, and others. */
const batches = [16, 16, 24, 32, 32, 36, 48, 64] as const;
const biasInitializer = "random_normal";

/** What is drawn from: named layers, in order. */
class Drawn {
  readonly random: Random;
  readonly isStateful: boolean;
  readonly layers: Layer[] = [];
  readonly names: string[] = [];

  constructor(random: Random, isStateful: boolean) {
    this.random = random;
    this.isStateful = isStateful;
  }

  add<Options extends object>(name: string, make: (options: Options) => Layer, options: Options): void {
    this.layers.push(make(options));
    this.names.push(`${name} ${JSON.stringify(options)}`);
  }

  /** Options that all recurrent layers have. */
  recurrent(returnSequences: boolean): {
    returnSequences: boolean;
    goBackwards: boolean;
    stateful: boolean;
    biasInitializer: "random_normal";
  } {
    return { returnSequences, goBackwards: this.random.chance(0.3), stateful: this.isStateful, biasInitializer };
  }

  /** A recurrent layer over rows of features. */
  cell(returnSequences: boolean): Layer {
    const { random } = this;
    const options = {
      ...this.recurrent(returnSequences),
      units: random.integer(2, 18),
      zeroOutputForMask: random.chance(0.3),
      unroll: random.chance(0.1),
      useBias: random.chance(0.8),
    };
    const name = random.pick(["LSTM", "GRU", "GRU", "SimpleRNN"] as const);
    const resetAfter = random.chance(0.5);
    this.names.push(`${name} ${JSON.stringify(name === "GRU" ? { ...options, resetAfter } : options)}`);
    return name === "GRU" ? layers.GRU({ ...options, resetAfter }) : layers[name](options);
  }

  /** One of the layers from sequences to sequences. */
  sequence(): void {
    const { random } = this;
    const kind = random.integer(0, 9);
    if (kind < 4) this.layers.push(this.cell(true));
    else if (kind < 6) this.bidirectional(true);
    else if (kind === 6) {
      const padding = random.pick(["same", "causal"] as const);
      this.add("Conv1D", layers.Conv1D, { filters: random.integer(2, 9), kernelSize: random.integer(1, 3), padding, activation: "relu" });
    } else if (kind === 7) this.add("Dense", layers.Dense, { units: random.integer(2, 9), activation: "tanh" });
    else if (kind === 8) this.add("LayerNormalization", layers.LayerNormalization, {});
    else this.add("BatchNormalization", layers.BatchNormalization, {});
  }

  bidirectional(returnSequences: boolean): void {
    const mergeMode = this.random.pick(["concat", "sum", "mul", "ave"] as const);
    this.names.push(`Bidirectional ${mergeMode} of`);
    this.layers.push(layers.Bidirectional({ layer: this.cell(returnSequences), mergeMode }));
  }
}

/** Rows of features: recurrent layers, some of them masked or in both directions, with others between them. */
function drawRows(drawn: Drawn): number[] {
  const { random } = drawn;
  if (random.chance(0.4)) drawn.add("Masking", layers.Masking, { maskValue: 0 });
  for (let i = random.integer(0, 3); i > 0; i--) drawn.sequence();
  if (random.chance(0.3)) drawn.bidirectional(false);
  else drawn.layers.push(drawn.cell(false));
  return [random.integer(1, 9), random.integer(1, 9)];
}

/** Images in time, through convolutional recurrent layers. */
function drawImages(drawn: Drawn): number[] {
  const { random } = drawn;
  const isFlat = random.chance(0.3);
  const space = isFlat ? [random.integer(5, 9)] : [random.integer(4, 6), random.integer(4, 6)];
  const count = random.integer(1, 2);
  for (let i = 0; i < count; i++) {
    const options = {
      ...drawn.recurrent(i + 1 < count || random.chance(0.3)),
      filters: random.integer(1, 5),
      kernelSize: random.integer(1, i === 0 ? 3 : 2),
      padding: random.pick(["same", "valid"] as const),
    };
    if (isFlat) drawn.add("ConvLSTM1D", layers.ConvLSTM1D, options);
    else drawn.add("ConvLSTM2D", layers.ConvLSTM2D, options);
  }
  drawn.add("Flatten", layers.Flatten, {});
  return [random.integer(1, 4), ...space, random.integer(1, 3)];
}

/** Images through convolutions. */
function drawConvolutions(drawn: Drawn): number[] {
  const { random } = drawn;
  for (let i = random.integer(1, 3); i > 0; i--)
    drawn.add("Conv2D", layers.Conv2D, {
      filters: random.integer(2, 18),
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      biasInitializer,
    });
  if (random.chance(0.5)) drawn.add("MaxPooling2D", layers.MaxPooling2D, { poolSize: 2 });
  drawn.add("Flatten", layers.Flatten, {});
  return [random.integer(6, 14), random.integer(6, 14), random.integer(1, 8)];
}

/** The model of a seed. Its weights come from the global seed. */
export function randomSequenceModel(seed: number): RandomSequenceModel {
  const random = new Random(seed);
  const drawn = new Drawn(random, random.chance(0.1));
  const batch = random.chance(0.75) ? random.pick(batches) : random.integer(2, 64);
  const draw = random.pick([drawRows, drawRows, drawRows, drawImages, drawConvolutions]);
  const shape = [batch, ...draw(drawn)];
  if (random.chance(0.8)) drawn.add("Dense", layers.Dense, { units: random.integer(1, 3), biasInitializer });
  const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-2, 2));
  // Steps that a mask leaves out.
  const features = shape.at(-1)!;
  for (let step = 0; step < data.length; step += features) if (random.chance(0.2)) data.fill(0, step, step + features);
  const model = new Sequential([Input({ batchShape: shape }), ...drawn.layers]);
  return { model, x: tensor(data, { shape }), batch, text: `${shape.join("x")}: ${drawn.names.join(", ")}`, isStateful: drawn.isStateful };
}
