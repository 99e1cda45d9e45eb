/** Keras's modules of applications: the networks together with the preprocessing of their images. */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";
import { AlexNet } from "./alexnet.ts";
import type { Application, UntrainedApplication } from "./application.ts";
import { ConvNeXtBase, ConvNeXtLarge, type ConvNeXtOptions, ConvNeXtSmall, ConvNeXtTiny, ConvNeXtXLarge } from "./convnext.ts";
import { decodePredictions } from "./decode-predictions.ts";
import { DenseNet121, DenseNet169, DenseNet201 } from "./densenet.ts";
import {
  EfficientNetB0,
  EfficientNetB1,
  EfficientNetB2,
  EfficientNetB3,
  EfficientNetB4,
  EfficientNetB5,
  EfficientNetB6,
  EfficientNetB7,
} from "./efficientnet.ts";
import {
  EfficientNetV2B0,
  EfficientNetV2B1,
  EfficientNetV2B2,
  EfficientNetV2B3,
  EfficientNetV2L,
  EfficientNetV2M,
  type EfficientNetV2Options,
  EfficientNetV2S,
} from "./efficientnet-v2.ts";
import { InceptionResNetV2 } from "./inception-resnet-v2.ts";
import { InceptionV3 } from "./inception-v3.ts";
import { LeNet5, type LeNet5Options, maximumAPosteriori, preprocessScans } from "./lenet5.ts";
import { MobileNet, type MobileNetOptions } from "./mobilenet.ts";
import { MobileNetV2, type MobileNetV2Options } from "./mobilenet-v2.ts";
import { MobileNetV3Large, type MobileNetV3Options, MobileNetV3Small } from "./mobilenet-v3.ts";
import { NASNetLarge, NASNetMobile } from "./nasnet.ts";
import { preprocessInput, type PreprocessingMode, type PreprocessInputOptions } from "./preprocess-input.ts";
import { ResNet101V2, ResNet152V2, ResNet50V2 } from "./resnet-v2.ts";
import { ResNet101, ResNet152, ResNet18, ResNet34, ResNet50 } from "./resnet.ts";
import { VGG16, VGG19 } from "./vgg.ts";
import { Xception } from "./xception.ts";

/** What every module has. */
export interface ApplicationModule {
  /** Images made ready: pixels from 0 to 255, `[batch, height, width, 3]` or one image -> the same shape, float. */
  preprocessInput(x: TensorLike, options?: Pick<PreprocessInputOptions, "dataFormat">): Tensor;
  /** Names for predictions `[batch, 1000]`: the classes with the largest scores. */
  readonly decodePredictions: typeof decodePredictions;
}

function by(mode: PreprocessingMode): ApplicationModule {
  return { preprocessInput: (x, options = {}) => preprocessInput(x, { ...options, mode }), decodePredictions };
}

/** Of networks that scale their images themselves: `preprocessInput` leaves them as they are. */
function within(): ApplicationModule {
  return { preprocessInput: (x) => ops.convertToTensor(x), decodePredictions };
}

/** Preprocessing by mode, as the modules below have it. */
export const imagenetUtils: { readonly preprocessInput: typeof preprocessInput; readonly decodePredictions: typeof decodePredictions } = {
  preprocessInput,
  decodePredictions,
};

/** AlexNet and its images: minus the mean, as published. */
export const alexnet: ApplicationModule & { readonly AlexNet: UntrainedApplication } = { ...by("caffe"), AlexNet };

/** ConvNeXts normalise their images themselves. */
export const convnext: ApplicationModule &
  Readonly<Record<`ConvNeXt${"Tiny" | "Small" | "Base" | "Large" | "XLarge"}`, Application<ConvNeXtOptions>>> = {
  ...within(),
  ConvNeXtTiny,
  ConvNeXtSmall,
  ConvNeXtBase,
  ConvNeXtLarge,
  ConvNeXtXLarge,
};

/** DenseNets. */
export const densenet: ApplicationModule & Readonly<Record<"DenseNet121" | "DenseNet169" | "DenseNet201", Application>> = {
  ...by("torch"),
  DenseNet121,
  DenseNet169,
  DenseNet201,
};

/** EfficientNets scale their images themselves. */
export const efficientnet: ApplicationModule & Readonly<Record<`EfficientNetB${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`, Application>> = {
  ...within(),
  EfficientNetB0,
  EfficientNetB1,
  EfficientNetB2,
  EfficientNetB3,
  EfficientNetB4,
  EfficientNetB5,
  EfficientNetB6,
  EfficientNetB7,
};

/** EfficientNets, second version, scale their images themselves. */
export const efficientnetV2: ApplicationModule &
  Readonly<Record<`EfficientNetV2${"B0" | "B1" | "B2" | "B3" | "S" | "M" | "L"}`, Application<EfficientNetV2Options>>> = {
  ...within(),
  EfficientNetV2B0,
  EfficientNetV2B1,
  EfficientNetV2B2,
  EfficientNetV2B3,
  EfficientNetV2S,
  EfficientNetV2M,
  EfficientNetV2L,
};

/** Inception-ResNet. */
export const inceptionResnetV2: ApplicationModule & { readonly InceptionResNetV2: Application } = { ...by("tf"), InceptionResNetV2 };

/** Inception v3. */
export const inceptionV3: ApplicationModule & { readonly InceptionV3: Application } = { ...by("tf"), InceptionV3 };

/** LeNet-5 with the scaling of its scans and its criterion. */
export const lenet5: {
  readonly LeNet5: UntrainedApplication<LeNet5Options>;
  readonly preprocessInput: typeof preprocessScans;
  readonly maximumAPosteriori: typeof maximumAPosteriori;
} = { LeNet5, preprocessInput: preprocessScans, maximumAPosteriori };

/** MobileNet. */
export const mobilenet: ApplicationModule & { readonly MobileNet: Application<MobileNetOptions> } = { ...by("tf"), MobileNet };

/** MobileNet v2. */
export const mobilenetV2: ApplicationModule & { readonly MobileNetV2: Application<MobileNetV2Options> } = { ...by("tf"), MobileNetV2 };

/** MobileNets v3 scale their images themselves. */
export const mobilenetV3: ApplicationModule & Readonly<Record<`MobileNetV3${"Small" | "Large"}`, Application<MobileNetV3Options>>> = {
  ...within(),
  MobileNetV3Small,
  MobileNetV3Large,
};

/** NASNets. */
export const nasnet: ApplicationModule & Readonly<Record<`NASNet${"Mobile" | "Large"}`, Application>> = {
  ...by("tf"),
  NASNetMobile,
  NASNetLarge,
};

/** ResNets, first version. */
export const resnet: ApplicationModule &
  Readonly<Record<`ResNet${50 | 101 | 152}`, Application>> &
  Readonly<Record<`ResNet${18 | 34}`, UntrainedApplication>> = {
  ...by("caffe"),
  ResNet18,
  ResNet34,
  ResNet50,
  ResNet101,
  ResNet152,
};

/** The same as `resnet`: Keras has both names. */
export const resnet50: typeof resnet = resnet;

/** ResNets, second version. */
export const resnetV2: ApplicationModule & Readonly<Record<`ResNet${50 | 101 | 152}V2`, Application>> = {
  ...by("tf"),
  ResNet50V2,
  ResNet101V2,
  ResNet152V2,
};

/** VGG-16. */
export const vgg16: ApplicationModule & { readonly VGG16: Application } = { ...by("caffe"), VGG16 };

/** VGG-19. */
export const vgg19: ApplicationModule & { readonly VGG19: Application } = { ...by("caffe"), VGG19 };

/** Xception. */
export const xception: ApplicationModule & { readonly Xception: Application } = { ...by("tf"), Xception };
