import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StringTensor, Tensor } from "../../index.ts";
import { audioDatasetFromDirectory, type Element, textDatasetFromDirectory } from "../index.ts";

/** A WAV file of 8-bit samples. */
function wav(samples: readonly number[], sampleRate = 8000): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  for (const [value, at] of [[16, 16], [sampleRate, 24], [sampleRate, 28], [samples.length, 40]] as const) head.writeUInt32LE(value, at); // prettier-ignore
  for (const [value, at] of [[1, 20], [1, 22], [1, 32], [8, 34]] as const) head.writeUInt16LE(value, at); // prettier-ignore
  head.write("data", 36);
  return Buffer.concat([head, Buffer.from(samples)]);
}

let root = "";
const put = (path: string, content: string | Buffer): void => {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), content);
};
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "nabla-folders-"));
  put("texts/neg/a.txt", "dull");
  put("texts/neg/b.txt", "a mess");
  put("texts/pos/c.TXT", "wärmer");
  put("texts/pos/deep/d.txt", "fine");
  put("texts/pos/notes.md", "no text of the set");
  put("sounds/no/1.wav", wav([192, 64, 128]));
  put("sounds/yes/2.wav", wav([0]));
});
afterAll(() => rmSync(root, { recursive: true }));

const batches = async (dataset: AsyncIterable<Element>): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const element of dataset) {
    const parts = (Array.isArray(element) ? element : [element]) as readonly (Tensor | StringTensor)[];
    all.push(await Promise.all(parts.map((part) => part.array())));
  }
  return all;
};
const quiet = { shuffle: false, verbose: false };

describe("folders of texts", () => {
  it("are batches of texts and labels, by class and name", async () => {
    const reviews = await textDatasetFromDirectory(join(root, "texts"), { ...quiet, batchSize: 3 });
    expect(reviews.classNames).toEqual(["neg", "pos"]);
    expect(reviews.cardinality).toBe(2);
    expect(await batches(reviews)).toEqual([[["dull", "a mess", "wärmer"], [0, 0, 1]], [["fine"], [1]]]); // prettier-ignore
    const single = await textDatasetFromDirectory(join(root, "texts"), { ...quiet, batchSize: null, labels: null, maxLength: 2 });
    expect(await batches(single)).toEqual([["du"], ["a "], ["wä"], ["fi"]]);
    const hot = await textDatasetFromDirectory(join(root, "texts"), { ...quiet, labelMode: "categorical", classNames: ["pos", "neg"] });
    expect((await batches(hot)) as unknown[][]).toEqual([[["wärmer", "fine", "dull", "a mess"], [[1, 0], [1, 0], [0, 1], [0, 1]]]]); // prettier-ignore
  });

  it("are shuffled anew at every pass, and split so that the parts do not overlap", async () => {
    const shuffled = await textDatasetFromDirectory(join(root, "texts"), { verbose: false, seed: 3, batchSize: 4 });
    const [first, second] = [(await batches(shuffled))[0], (await batches(shuffled))[0]] as [string[], number[]][];
    expect([...first![0]].sort()).toEqual(["a mess", "dull", "fine", "wärmer"]);
    first![0].forEach((text, i) => expect(first![1][i]).toBe(["dull", "a mess"].includes(text) ? 0 : 1));
    expect([first, second]).not.toEqual([first, first]);
    const [train, held] = await textDatasetFromDirectory(join(root, "texts"), {
      verbose: false,
      seed: 1,
      validationSplit: 0.5,
      subset: "both",
    });
    expect(new Set([...train.filePaths, ...held.filePaths]).size).toBe(4);
    await expect(textDatasetFromDirectory(join(root, "texts"), { ...quiet, validationSplit: 0.5 })).rejects.toThrow(/needs a subset/);
  });

  it("say what is missing or broken", async () => {
    await expect(textDatasetFromDirectory(join(root, "none"))).rejects.toThrow(/no such folder[^]*folder of texts/);
    await expect(textDatasetFromDirectory(join(root, "sounds"))).rejects.toThrow(/class "no" has no texts[^]*\.txt/);
    await expect(textDatasetFromDirectory(join(root, "texts"), { batchsize: 2 } as never)).rejects.toThrow(/batchSize/);
    await expect(textDatasetFromDirectory(join(root, "texts"), { batchSize: 0 })).rejects.toThrow(/number of texts/);
    put("broken/x/a.txt", Buffer.from([0xff, 0xfe, 0x80]));
    const broken = await textDatasetFromDirectory(join(root, "broken"), quiet);
    await expect(broken.toArray()).rejects.toThrow(/no UTF-8 text[^]*a\.txt/);
  });
});

describe("folders of sounds", () => {
  it("are padded to the longest of a batch, or brought to one length", async () => {
    const sounds = await audioDatasetFromDirectory(join(root, "sounds"), quiet);
    expect(await batches(sounds)).toEqual([[[[[0.5], [-0.5], [0]], [[-1], [0], [0]]], [0, 1]]]); // prettier-ignore
    const cut = await audioDatasetFromDirectory(join(root, "sounds"), { ...quiet, outputSequenceLength: 2, labelMode: "binary" });
    expect(await batches(cut)).toEqual([[[[[0.5], [-0.5]], [[-1], [0]]], [[0], [1]]]]); // prettier-ignore
    const other = await audioDatasetFromDirectory(join(root, "sounds"), { ...quiet, samplingRate: 16000 });
    await expect(other.toArray()).rejects.toThrow(/1\.wav has another sampling rate/);
  });
});
