/** Convolutional networks for images that are made and judged. */
import { ValueError } from "../errors.ts";
import { RandomNormal } from "../initializers/index.ts";
import * as layers from "../layers/index.ts";
import { Sequential } from "../models/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** What both networks have. */
interface DcganOptions {
  /** [height, width, channels] of the images. Default [28, 28, 1]. */
  readonly imageShape?: readonly [height: number, width: number, channels: number];
  /** Filters of the layer nearest to the image; each one further from it has twice as many. Default 32. */
  readonly filters?: number;
  /** Side of the convolutions' windows. Default 5. */
  readonly kernelSize?: number;
  readonly name?: string;
}

/** Options of `dcganGenerator`. */
export interface DcganGeneratorOptions extends DcganOptions {
  /** Numbers of noise. Default 64. */
  readonly latentSize?: number;
}

/** Options of `dcganDiscriminator`. */
export interface DcganDiscriminatorOptions extends DcganOptions {
  /** Behind every convolution but the first. Default "batch"; a critic with a gradient penalty needs "layer" or null. */
  readonly normalization?: "batch" | "layer" | null;
}

type Complete = Required<Omit<DcganOptions, "name">>;

/** How often images of this size are halved: until the shorter side is 4 or less, as in the paper. */
function halvings([height, width]: readonly number[]): number {
  let side = Math.min(height!, width!);
  let count = 0;
  for (; side > 4; count++) side = Math.ceil(side / 2);
  return count;
}

function complete(where: string, options: DcganOptions, more: readonly string[]): Complete {
  checkOptions(where, options, ["imageShape", "filters", "kernelSize", "name", ...more]);
  const { imageShape = [28, 28, 1], filters = 32, kernelSize = 5 } = options;
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
  if (imageShape.length !== 3 || !imageShape.every(isCount))
    throw new ValueError({
      where,
      problem: "this is no shape of images",
      expected: "[height, width, channels]",
      received: JSON.stringify(imageShape),
    });
  for (const [name, value] of Object.entries({ filters, kernelSize }))
    if (!isCount(value))
      throw new ValueError({ where, problem: `${name} does not make sense`, expected: "a whole number from 1", received: String(value) });
  return { imageShape, filters, kernelSize };
}

/** Weights of the paper: normal, standard deviation 0.02. */
const paperWeights = (): InstanceType<typeof RandomNormal> => RandomNormal({ stddev: 0.02 });

/**
 * From noise to images between -1 and 1: a dense layer, then transposed convolutions of stride 2 with batch normalization
 * and relu, tanh at the end. A. Radford et al., 2015, section 3 and figure 1, for images of any size: what is too large at
 * the end is cut. Shapes: [n, latentSize] -> [n, height, width, channels].
 */
export function dcganGenerator(options: DcganGeneratorOptions = {}): Sequential {
  const where = "dcganGenerator";
  const { imageShape, filters, kernelSize } = complete(where, options, ["latentSize"]);
  const { latentSize = 64, name = "generator" } = options;
  if (!(Number.isInteger(latentSize) && latentSize > 0))
    throw new ValueError({
      where,
      problem: "latentSize does not make sense",
      expected: "a whole number from 1",
      received: String(latentSize),
    });
  const [height, width, channels] = imageShape;
  const count = halvings(imageShape);
  const [low, narrow] = [height, width].map((side) => Math.ceil(side / 2 ** count)) as [number, number];
  const widest = filters * 2 ** Math.max(0, count - 1);
  const stack: layers.Layer[] = [
    layers.Dense({ units: low * narrow * widest, useBias: false, kernelInitializer: paperWeights(), inputShape: [latentSize] }),
    layers.BatchNormalization(),
    layers.ReLU(),
    layers.Reshape({ targetShape: [low, narrow, widest] }),
  ];
  for (let step = count - 2; step >= 0; step--)
    stack.push(
      layers.Conv2DTranspose({
        filters: filters * 2 ** step,
        kernelSize,
        strides: 2,
        padding: "same",
        useBias: false,
        kernelInitializer: paperWeights(),
      }),
      layers.BatchNormalization(),
      layers.ReLU(),
    );
  const last = { filters: channels, kernelSize, padding: "same", activation: "tanh" } as const;
  stack.push(
    count === 0
      ? layers.Conv2D({ ...last, kernelInitializer: paperWeights() })
      : layers.Conv2DTranspose({ ...last, strides: 2, kernelInitializer: paperWeights() }),
  );
  const [tooHigh, tooWide] = [low * 2 ** count - height, narrow * 2 ** count - width];
  if (tooHigh + tooWide > 0)
    stack.push(
      layers.Cropping2D({
        cropping: [
          [Math.floor(tooHigh / 2), Math.ceil(tooHigh / 2)],
          [Math.floor(tooWide / 2), Math.ceil(tooWide / 2)],
        ],
      }),
    );
  return new Sequential({ name, layers: stack });
}

/**
 * From images to one score each: convolutions of stride 2 with leaky relu (slope 0.2), the first without normalization, and
 * a dense layer. A. Radford et al., 2015, section 3. Shapes: [n, height, width, channels] -> [n, 1].
 */
export function dcganDiscriminator(options: DcganDiscriminatorOptions = {}): Sequential {
  const where = "dcganDiscriminator";
  const { imageShape, filters, kernelSize } = complete(where, options, ["normalization"]);
  const { normalization = "batch", name = "discriminator" } = options;
  if (normalization !== null && normalization !== "batch" && normalization !== "layer")
    throw new ValueError({
      where,
      problem: "there is no such normalization",
      expected: '"batch", "layer", null',
      received: String(normalization),
    });
  const stack: layers.Layer[] = [];
  const count = Math.max(1, halvings(imageShape));
  for (let step = 0; step < count; step++) {
    const isNormalized = step > 0 && normalization !== null;
    stack.push(
      layers.Conv2D({
        filters: filters * 2 ** step,
        kernelSize,
        strides: 2,
        padding: "same",
        useBias: !isNormalized,
        // Without normalization weights that small would give next to nothing at the end.
        kernelInitializer: normalization === null ? "glorot_uniform" : paperWeights(),
        ...(step === 0 ? { inputShape: [...imageShape] } : {}),
      }),
    );
    if (isNormalized) stack.push(normalization === "batch" ? layers.BatchNormalization() : layers.LayerNormalization());
    stack.push(layers.LeakyReLU({ negativeSlope: 0.2 }));
  }
  stack.push(layers.Flatten(), layers.Dense({ units: 1, kernelInitializer: normalization === null ? "glorot_uniform" : paperWeights() }));
  return new Sequential({ name, layers: stack });
}
