/** Networks that were published, ready to be trained (`applications`). */
export type { Application, ApplicationOptions, UntrainedApplication } from "./application.ts";
export { AlexNet } from "./alexnet.ts";
export type { DecodedPrediction, DecodePredictionsOptions } from "./decode-predictions.ts";
export { ResNet20, ResNet32, ResNet56 } from "./cifar-resnet.ts";
export { ConvNeXtBase, ConvNeXtLarge, type ConvNeXtOptions, ConvNeXtSmall, ConvNeXtTiny, ConvNeXtXLarge } from "./convnext.ts";
export { DenseNet121, DenseNet169, DenseNet201 } from "./densenet.ts";
export {
  EfficientNetB0,
  EfficientNetB1,
  EfficientNetB2,
  EfficientNetB3,
  EfficientNetB4,
  EfficientNetB5,
  EfficientNetB6,
  EfficientNetB7,
} from "./efficientnet.ts";
export {
  EfficientNetV2B0,
  EfficientNetV2B1,
  EfficientNetV2B2,
  EfficientNetV2B3,
  EfficientNetV2L,
  EfficientNetV2M,
  type EfficientNetV2Options,
  EfficientNetV2S,
} from "./efficientnet-v2.ts";
export { GoogLeNet, type GoogLeNetApplication, type GoogLeNetOptions } from "./googlenet.ts";
export { InceptionResNetV2 } from "./inception-resnet-v2.ts";
export { InceptionV3 } from "./inception-v3.ts";
export { LeNet5, type LeNet5Options, type MaximumAPosterioriOptions } from "./lenet5.ts";
export { MobileNet, type MobileNetOptions } from "./mobilenet.ts";
export { MobileNetV2, type MobileNetV2Options } from "./mobilenet-v2.ts";
export { MobileNetV3Large, type MobileNetV3Options, MobileNetV3Small } from "./mobilenet-v3.ts";
export { NASNetLarge, NASNetMobile } from "./nasnet.ts";
export { ResNet18, ResNet34, ResNet50, ResNet101, ResNet152 } from "./resnet.ts";
export { ResNet18V2, ResNet34V2, ResNet50V2, ResNet101V2, ResNet152V2 } from "./resnet-v2.ts";
export { toFullyConvolutional } from "./to-fully-convolutional.ts";
export { VGG16, VGG19 } from "./vgg.ts";
export { Xception } from "./xception.ts";
export { registerApplications } from "./register-applications.ts";

// Keras's modules, each with the preprocessing of its networks.
export {
  alexnet,
  type ApplicationModule,
  convnext,
  densenet,
  efficientnet,
  efficientnetV2,
  imagenetUtils,
  inceptionResnetV2,
  inceptionV3,
  lenet5,
  mobilenet,
  mobilenetV2,
  mobilenetV3,
  nasnet,
  resnet,
  resnet50,
  resnetV2,
  vgg16,
  vgg19,
  xception,
} from "./modules.ts";
export type { PreprocessingMode, PreprocessInputOptions } from "./preprocess-input.ts";
