import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { layers, loadModel, losses, ops, Sequential, setBackend, tensor, type Tensor, text } from "../index.ts";
import { CaptionDecoderLayer, type CaptionModel, digitScenes, ImageCaptioner } from "./index.ts";

beforeAll(async () => {
  await setBackend("wasm");
});

/** Digits that are squares of their own brightness. */
const digits = ops.reshape(
  ops.multiply(ops.ones([10, 28 * 28]), ops.expandDims(ops.add(ops.multiply(ops.arange(10), 20), 60), 1)),
  [10, 28, 28],
);
const labels = Array.from({ length: 10 }, (_, i) => i);

describe("digitScenes", () => {
  it("says of a scene what is true of it", async () => {
    const { images, captions, scenes } = await digitScenes(digits, labels, { count: 200, seed: 3, digits: [1, 3] });
    expect(images.shape).toEqual([200, 56, 56, 1]);
    const words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    const pixels = await images.data();
    scenes.forEach((scene, i) => {
      const middle = scene.map(({ left, top, side }) => ({ x: left + side / 2, y: top + side / 2 }));
      for (const caption of captions[i]!) {
        // In the order in which they are named.
        const named = [...caption.matchAll(/an? (?:small |large )?(?:dark )?(\w+)/g)].map(([phrase, word]) => ({ phrase, word: word! }));
        expect(named.length).toBe(scene.length);
        const relation = /above|below|left of|right of/.exec(caption)?.[0];
        const swapped = relation === "below" || relation === "right of";
        const before = relation === undefined ? scene.length : caption.slice(0, caption.indexOf(relation)).split(/\ban? /).length - 1;
        const order = swapped ? [...scene.keys()].slice(-before).concat([...scene.keys()].slice(0, -before)) : [...scene.keys()];
        named.forEach(({ phrase, word }, k) => {
          const { digit, size, dark } = scene[order[k]!]!;
          expect(word).toBe(words[digit]);
          expect(phrase.includes("small"), caption).toBe(size === "small");
          expect(phrase.includes("large")).toBe(size === "large");
          expect(phrase.includes("dark")).toBe(dark);
          expect(phrase.startsWith("an eight")).toBe(word === "eight" && size === "middle" && !dark);
        });
        for (const a of order.slice(0, before)) {
          for (const b of order.slice(before)) {
            const [p, q] = [middle[a]!, middle[b]!];
            const [dx, dy] = [p.x - q.x, p.y - q.y];
            expect({ above: -dy, below: dy, "left of": -dx, "right of": dx }[relation!]!, caption).toBeGreaterThan(0);
          }
        }
      }
      // Where a digit stands, its brightness stands too.
      scene.forEach(({ digit, dark, left, top, side }) => {
        const at = i * 56 * 56 + (top + Math.floor(side / 2)) * 56 + left + Math.floor(side / 2);
        expect(pixels[at]).toBe(Math.round((60 + 20 * digit) * (dark ? 0.4 : 1)));
      });
    });
    expect(new Set(scenes.map(({ length }) => length))).toEqual(new Set([1, 2, 3]));
  });

  it("is the same for the same seed, and refuses what are no digits", async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => digitScenes(digits, labels, { count: 4, seed })));
    expect([...(await a!.images.data())]).toEqual([...(await b!.images.data())]);
    expect(a!.captions).toEqual(b!.captions);
    expect(c!.captions).not.toEqual(a!.captions);
    await expect(digitScenes(ops.ones([2, 8, 8]), [1, 2], { count: 1 })).rejects.toThrow(/no labelled digits/);
    await expect(digitScenes(digits, labels, { count: 1, digits: [2, 4] })).rejects.toThrow(/from 1 to 3/);
    await expect(digitScenes(digits, labels.map((label) => label + 20), { count: 1 })).rejects.toThrow(/no digit/); // prettier-ignore
  });
});

/** Images of 4 x 4 with one bright quarter, and what to say of each. */
const quarters = tensor(
  Array.from({ length: 4 }, (_, which) =>
    Array.from({ length: 4 }, (_, y) => Array.from({ length: 4 }, (_, x) => [Number((y >= 2 ? 2 : 0) + (x >= 2 ? 1 : 0) === which)])),
  ),
);
const said = ["light at the top left", "light at the top right", "bottom left", "the bottom right shines"];
const tokenizer = text.WordTokenizer.train(said, { unknownToken: null });

function captioner(attention: boolean): ImageCaptioner {
  const encoder = new Sequential([
    layers.Input({ shape: [4, 4, 1] }),
    layers.Conv2D({ filters: 8, kernelSize: 3, strides: 2, padding: "same", activation: "tanh" }),
  ]);
  return new ImageCaptioner({ encoder, tokenizer, attention, units: 16, embeddingDim: 8, attentionUnits: 8 });
}

describe.each([true, false])("ImageCaptioner, attention %s", (attention) => {
  it("says word by word what it says when the words before are given", async () => {
    const { model, decoder, encoder, ...rest } = captioner(attention);
    void rest;
    const tokens = tensor([[1, 5, 4, 3], [1, 4, 6, 5]], { dtype: "int32" }); // prettier-ignore
    const images = ops.slice(quarters, [0, 0, 0, 0], [2, 4, 4, 1]);
    const whole = (await (await model.predict([images, tokens], { verbose: 0 })).array()) as number[][][];
    let state = decoder.start(encoder(images) as Tensor);
    for (let place = 0; place < 4; place++) {
      const step = decoder.step(ops.take(tokens, place, { axis: 1 }), state);
      const logits = (await step.logits.array()) as number[][];
      logits.forEach((row, i) => row.forEach((value, k) => expect(value).toBeCloseTo(whole[i]![place]![k]!, 5)));
      expect(step.attention === null).toBe(!attention);
      if (step.attention !== null) for (const sum of (await ops.sum(step.attention, -1).array()) as number[]) expect(sum).toBeCloseTo(1, 5);
      state = step.state;
    }
  });

  it("learns to describe images, is saved and read again, and says the same", async () => {
    const first = captioner(attention);
    const { tokens, targets } = first.teacherForcing(said);
    first.model.compile({ optimizer: "adam", loss: losses.SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: 0 }) });
    first.model.optimizer.learningRate = 0.02;
    await first.model.fit([quarters, tokens], targets, { epochs: 160, verbose: 0, shuffle: false });
    const captions = await first.caption(quarters, { beamWidth: 2, maxLength: 9, batchSize: 3 });
    expect(captions.map((caption) => caption.text)).toEqual(said);
    // The score is the log probability of the sentence.
    const rows = (await ops.logSoftmax(await first.model.predict([quarters, tokens], { verbose: 0 })).array()) as number[][][];
    const wanted = (await targets.array()) as number[][];
    captions.forEach(({ score }, i) => {
      const sum = wanted[i]!.reduce((total, token, place) => total + (token === 0 ? 0 : rows[i]![place]![token]!), 0);
      expect(score).toBeCloseTo(sum, 3);
    });
    const folder = mkdtempSync(join(tmpdir(), "captioner-"));
    try {
      await first.model.save(join(folder, "captioner.keras"));
      const model = await loadModel(join(folder, "captioner.keras"), { customObjects: { CaptionDecoder: CaptionDecoderLayer } });
      const again = new ImageCaptioner({ model: model as unknown as CaptionModel, tokenizer });
      expect(await again.caption(quarters, { beamWidth: 2, maxLength: 9, batchSize: 3 })).toEqual(captions);
    } finally {
      rmSync(folder, { recursive: true });
    }
    if (!attention) return;
    const { words, maps } = await first.attention(ops.take(quarters, 2, { axis: 0 }), said[2]!);
    expect(words).toEqual(["bottom", "left", "[END]"]);
    expect(maps.shape).toEqual([3, 2, 2]);
  });
});

describe("ImageCaptioner", () => {
  it("says what is wrong with captions, images, encoders and models", async () => {
    const some = captioner(false);
    expect(() => some.teacherForcing(["light", " .. "])).toThrow(/caption 1 has no words/);
    expect(() => some.teacherForcing(["a horse"])).toThrow(/"a" is not in the vocabulary/);
    await expect(some.caption(ops.ones([2, 5, 4, 1]))).rejects.toThrow(/not the images/);
    await expect(some.attention(ops.ones([4, 4, 1]), "light")).rejects.toThrow(/attention: true/);
    const flat = new Sequential([layers.Input({ shape: [4, 4, 1] }), layers.Flatten()]);
    expect(() => new ImageCaptioner({ encoder: flat, tokenizer })).toThrow(/map of features/);
    expect(() => new ImageCaptioner({ encoder: new Sequential([layers.Flatten()]), tokenizer })).toThrow(/known shape/);
    expect(() => new ImageCaptioner({ model: some.model, tokenizer: text.WordTokenizer.train(["a"]) })).toThrow(/do not belong together/);
    expect(() => new ImageCaptioner({ encoder: flat, tokenizer, unit: 3 } as never)).toThrow(/units/);
  });
});
