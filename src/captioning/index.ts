/** Describing images (`nabla/captioning`). */
export { CaptionDecoder, CaptionDecoderLayer, type CaptionDecoderOptions, type CaptionState, type CaptionStep } from "./caption-decoder.ts";
export {
  type Caption,
  type CaptionAttention,
  type CaptionModel,
  type CaptionOptions,
  type CaptionTokenizer,
  ImageCaptioner,
  type ImageCaptionerOptions,
  type TrainedCaptioner,
} from "./image-captioner.ts";
export { digitScenes, type DigitSceneOptions, type DigitScenes, type SceneDigit } from "./digit-scenes.ts";
export { type CaptionedImageOptions, type CaptionedImages, loadCaptionedImages } from "./captioned-images.ts";
