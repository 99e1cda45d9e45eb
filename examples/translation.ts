/**
 * Many to many: German sentences become English ones. `--model attention`: a bidirectional GRU reads, Bahdanau's decoder
 * writes (2015); `--model transformer`: A. Vaswani and others, 2017. Multi30k: D. Elliott and others, 2016.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { optimizers, setRandomSeed, text } from "nabla";
import { attentionChart, lineChart } from "nabla/visualization";
import { example } from "./example.ts";

const sets = ["train", "val", "test_2016_flickr"];
const files = sets.flatMap((set) => ["de", "en"].map((language) => `translation/${set}.${language}.gz`));
const { budget, data, picture, figure, option } = example("translation", { files, options: { model: ["transformer", "attention"] } });
setRandomSeed(2017);
const start = performance.now();

/** The first `count` sentences of a file. */
const read = (set: string, language: string, count: number): string[] =>
  gunzipSync(readFileSync(data(`translation/${set}.${language}.gz`)))
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .slice(0, count);

const [german, english] = ["de", "en"].map((language) => read("train", language, budget(400, Infinity))) as [string[], string[]];
const vocabularySize = budget(600, 4000);
const source = text.BytePairTokenizer.train(german, { vocabularySize });
const target = text.BytePairTokenizer.train(english, { vocabularySize });

/** Pairs of token numbers as batches; the few pairs of more than 43 tokens are left out. */
const batches = (de: readonly string[], en: readonly string[], shuffle: boolean): ReturnType<typeof text.teacherForcedPairs> => {
  const pairs = de.map((sentence, i) => [source.encode(sentence), target.encode(en[i]!)] as const);
  const kept = pairs.filter(([from, to]) => Math.max(from.length, to.length) < 44);
  return text.teacherForcedPairs(kept.map(([from]) => from), kept.map(([, to]) => to), {
    startToken: target.tokenToId("[START]"),
    endToken: target.tokenToId("[END]"),
    bucketLengths: budget([44], [12, 16, 18, 22, 30, 44]),
    tokensPerBatch: 1280,
    shuffle,
    seed: 7,
  }); // prettier-ignore
};
const training = batches(german, english, true);
const validation = batches(read("val", "de", budget(40, Infinity)), read("val", "en", budget(40, Infinity)), false);

const vocabularies = { sourceVocabularySize: source.vocabularySize, targetVocabularySize: target.vocabularySize };
const layers = budget(1, 3);
const model =
  option("model") === "attention"
    ? text.attentionTranslator({ ...vocabularies, embeddingDim: budget(24, 256), units: budget(24, 256), dropout: 0.25 })
    : text.transformerTranslator({ ...vocabularies, width: budget(32, 192), intermediateDim: budget(32, 512), encoderLayers: layers, decoderLayers: layers }); // prettier-ignore
model.summary();

const epochs = budget(1, 9);
const learningRate = optimizers.schedules.CosineDecay({
  initialLearningRate: 0,
  warmupTarget: option("model") === "attention" ? 1.5e-3 : 1.2e-3,
  warmupSteps: budget(3, 300),
  decaySteps: budget(10, 420 * epochs - 300),
  alpha: 0.02,
});
model.compile({
  optimizer: optimizers.Adam({ learningRate, beta2: 0.98, clipnorm: 1 }),
  loss: text.SequenceCrossentropy({ labelSmoothing: 0.1 }),
});
const { history } = await model.fit(training, null, { epochs, validationData: validation });
console.log(`loss of val by epoch: ${history.val_loss!.map((loss) => loss.toFixed(3)).join(" ")}`);
console.log(`learnt in ${((performance.now() - start) / 60_000).toFixed(1)} minutes\n`);

// How good it is on sentences it has never seen.
const translator = new text.Translator({ model, sourceTokenizer: source, targetTokenizer: target });
const test = read("test_2016_flickr", "de", budget(8, Infinity));
const references = read("test_2016_flickr", "en", budget(8, Infinity));
const searching = performance.now();
const maxTokens = budget((): number => 12, (n: number): number => Math.ceil(1.5 * n) + 10); // prettier-ignore
const greedy = await translator.translate(test, { beamWidth: 1, maxTokens });
const found = await translator.translate(test, { beamWidth: 4, lengthPenalty: 0.6, maxTokens });
for (let i = 0; i < budget(2, 6); i++) console.log(`${test[i]!}\n  ${found[i]!}\n  (${references[i]!})`);
console.log(`\nboth searches: ${((performance.now() - searching) / 1000).toFixed(1)} s`);
figure(`BLEU, ${option("model")}, greedy`, text.bleu(greedy, references).score);
figure(`BLEU, ${option("model")}, beam of 4`, text.bleu(found, references).score, { atLeast: 25 });

const attention = await translator.attention(test[0]!, found[0]);
picture(`translation-${option("model")}-attention.svg`, attentionChart({ ...attention, title: "What every English token looked at" }));
picture(
  `translation-${option("model")}.svg`,
  lineChart({
    title: `German to English, ${option("model")}`,
    xLabel: "epoch",
    yLabel: "loss (nats per token, smoothed labels)",
    series: [
      { name: "training (with dropout)", y: history.loss! },
      { name: "val", y: history.val_loss! },
    ],
  }),
);
