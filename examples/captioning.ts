/**
 * One to many: an image becomes a sentence. A convolutional net looks, an LSTM speaks, and before every word it decides
 * anew where to look (Xu and others, "Show, Attend and Tell", 2015). First scenes of MNIST's digits, whose truth is known;
 * then 130 photos of Flickr8k, few enough to be learned by heart, and what is said of photos that were left out.
 */
import { datasets, layers, losses, metrics, ops, optimizers, Sequential, setRandomSeed, text } from "nabla";
import { digitScenes, ImageCaptioner, loadCaptionedImages } from "nabla/captioning";
import { attentionMaps, captionedImages, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const { budget, data, picture, figure } = example("captioning", { files: ["mnist/train-images-idx3-ubyte.gz", "captions/captions.csv"] });
setRandomSeed(2015);

/** Layers that make a map of features a quarter, an eighth, ... of the image's side. */
const convolutions = (filters: readonly number[]): layers.Layer[] =>
  filters.flatMap((count, i) => [
    layers.Conv2D({ filters: count, kernelSize: 3, padding: "same", activation: "relu" }),
    ...(i + 1 < filters.length ? [layers.MaxPooling2D()] : []),
  ]);
const compile = (captioner: ImageCaptioner, steps: number, rate: number): void =>
  captioner.model.compile({
    optimizer: optimizers.Adam({
      learningRate: optimizers.schedules.CosineDecay({ initialLearningRate: rate, decaySteps: steps }),
      clipnorm: 1,
    }),
    loss: losses.SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: 0 }),
    metrics: [metrics.Perplexity({ fromLogits: true, maskTokenId: 0 })],
  });
const bleu4 = (said: readonly { readonly text: string }[], truth: readonly (readonly string[])[]): number =>
  text.bleu(said.map((caption) => caption.text), truth).score / 100; // prettier-ignore

// Scenes. The encoder first learns to name single digits of every size and place, as others begin with ImageNet.
const [[xTrain, yTrain], [xTest, yTest]] = await datasets.mnist.loadData({ dataDir: data("mnist") });
const encoder = new Sequential([
  layers.Input({ shape: [56, 56, 1] }),
  layers.Rescaling({ scale: 1 / 255 }),
  ...convolutions([16, 24, 48, 96]),
]);
const single = await digitScenes(xTrain, yTrain, { count: budget(128, 12_000), seed: 1, digits: [1, 1] });
const named = new Sequential([encoder, layers.GlobalMaxPooling2D(), layers.Dense({ units: 10, activation: "softmax" })]);
named.compile({ optimizer: optimizers.Adam({ learningRate: 0.002 }), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
await named.fit(single.images, ops.convertToTensor(single.scenes.map(([only]) => only!.digit)), { epochs: budget(1, 2), batchSize: 32, verbose: 2 }); // prettier-ignore

const train = await digitScenes(xTrain, yTrain, { count: budget(128, 14_000), seed: 2 });
const test = await digitScenes(xTest, yTest, { count: budget(8, 500), seed: 3 });
const words = text.WordTokenizer.train(train.captions.flat(), { unknownToken: null });
const captioner = new ImageCaptioner({ encoder, tokenizer: words, units: 128, embeddingDim: 64, attentionUnits: 64 });
const epochs = budget(1, 8);
compile(captioner, (epochs * train.captions.length) / 32, 0.002);
const { tokens, targets } = captioner.teacherForcing(train.captions.map(([first]) => first!));
const heldOut = captioner.teacherForcing(test.captions.map(([first]) => first!));
const { history } = await captioner.model.fit([train.images, tokens], targets, {
  epochs,
  batchSize: 32,
  verbose: 2,
  validationData: [[test.images, heldOut.tokens], heldOut.targets],
});
const said = await captioner.caption(test.images, { beamWidth: 3, maxLength: 24 });
for (let i = 0; i < 5; i++) console.log(`scene ${i}: ${said[i]!.text} (true: ${test.captions[i]!.join("; or: ")})`);
const exact = said.filter((caption, i) => test.captions[i]!.includes(caption.text)).length / said.length;
figure("scenes of test digits: BLEU-4", bleu4(said, test.captions), { atLeast: 0.8 });
figure("scenes of test digits: share of captions that are true, word by word", exact);
const some = ops.slice(test.images, [0, 0, 0, 0], [8, 56, 56, 1]);
picture("captioning-scenes.svg", await captionedImages(some, said.slice(0, 8).map((caption, i) => [caption.text, `true: ${test.captions[i]![0]!}`]))); // prettier-ignore
const first = ops.take(test.images, 0, { axis: 0 });
// A net that has hardly learned says nothing: then the map is of what it should have said.
const attended = await captioner.attention(first, said[0]!.text || test.captions[0]![0]!);
picture("captioning-attention.svg", await attentionMaps(first, attended.words, attended.maps));
const curves = ["perplexity", "val_perplexity"].map((name) => ({
  name: name === "perplexity" ? "training" : "held out",
  y: history[name]!,
}));
picture("captioning-curve.svg", lineChart({ title: "Perplexity of captions", xLabel: "epoch", yLabel: "words", yScale: "log", series: curves })); // prettier-ignore

// Photos: 110 to learn by heart, 20 are left out.
const photos = await loadCaptionedImages(data("captions"), { imageSize: [64, 64], limit: budget(12, 130) });
const known = budget(10, 110);
const vocabulary = text.WordTokenizer.train(photos.captions.slice(0, known).flat());
const eye = new Sequential([layers.Input({ shape: [64, 64, 3] }), layers.Rescaling({ scale: 1 / 255 }), ...convolutions([16, 32, 64, 64])]);
const speaker = new ImageCaptioner({ encoder: eye, tokenizer: vocabulary, units: 192, embeddingDim: 96, attentionUnits: 96, dropout: 0.1 });
const pairs = photos.captions.slice(0, known).flatMap((captions, image) => captions.map((caption) => ({ image, caption })));
const lesson = speaker.teacherForcing(pairs.map(({ caption }) => caption));
const rounds = budget(1, 150);
compile(speaker, (rounds * pairs.length) / 25, 0.002);
await speaker.model.fit([ops.take(photos.images, pairs.map(({ image }) => image), { axis: 0 }), lesson.tokens], lesson.targets, { epochs: rounds, batchSize: 25, verbose: 2 }); // prettier-ignore
const about = await speaker.caption(photos.images, { beamWidth: 3, maxLength: 24 });
const truths = photos.captions.map((captions) => captions.map((caption) => vocabulary.normalize(caption)));
for (const i of [0, 1, 2, known, known + 1])
  console.log(`${i < known ? "learned" : "left out"}: ${about[i]!.text} (true: ${truths[i]![0]!})`);
figure("photos learned by heart: BLEU-4", bleu4(about.slice(0, known), truths.slice(0, known)), { atLeast: 0.5 });
figure("photos left out: BLEU-4", bleu4(about.slice(known), truths.slice(known)));
