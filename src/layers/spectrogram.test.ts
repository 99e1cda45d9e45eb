import { beforeAll, describe, expect, it } from "vitest";
import { initializers, layers, ops, setBackend, tensor } from "../index.ts";
import { runLayerContract } from "../testing/layer-contract.ts";
import { melMatrix } from "./mel-spectrogram.ts";

beforeAll(async () => {
  await setBackend(process.env.NABLA_BACKEND ?? "reference");
});

runLayerContract(layers.STFTSpectrogram, {
  options: { frameLength: 8, frameStep: 4 },
  inputs: [[2, 32, 2]],
  output: [2, 7, 10],
  weights: 2,
  refused: [
    [{ mode: "decibel" }, /magnitude/],
    [{ frameStep: 9 }, /frameStep/],
    [{ fftLength: 4 }, /fftLength/],
    [{ window: "han" }, /hann/],
    [{ scaling: "none" }, /density/],
    [{ padding: "full" }, /same/],
    [{ frameLength: 0 }, /frameLength/],
  ],
  refusedInputs: [[[2, 32], /axes/]],
});
runLayerContract(layers.MelSpectrogram, {
  options: { fftLength: 16, sequenceStride: 8, numMelBins: 4, samplingRate: 8000 },
  inputs: [[2, 64]],
  output: [2, 4, 9],
  weights: 0,
  refused: [
    [{ sequenceLength: 32 }, /sequenceLength/],
    [{ window: "triangle" }, /hann/],
    [{ minFreq: 5000 }, /range/],
    [{ numMelBins: 0 }, /numMelBins/],
    [{ minPower: 0 }, /minPower/],
    [{ samplingRate: -1 }, /samplingRate/],
  ],
  refusedInputs: [[[2, 64, 1], /axes/]],
});

describe("STFTSpectrogram", () => {
  const signal = Array.from({ length: 16 }, (_, t) => Math.cos((2 * Math.PI * 2 * t) / 8) + 0.25);

  /** Transform of the frame that begins at `start`, by definition, without a window. */
  const transform = (start: number, bin: number): [number, number] => {
    let [re, im] = [0, 0];
    for (let t = 0; t < 8; t++) {
      re += signal[start + t]! * Math.cos((2 * Math.PI * bin * t) / 8);
      im -= signal[start + t]! * Math.sin((2 * Math.PI * bin * t) / 8);
    }
    return [re, im];
  };
  const shown = async (options: layers.STFTSpectrogramOptions): Promise<number[][]> => {
    const layer = layers.STFTSpectrogram({ frameLength: 8, frameStep: 4, window: null, ...options });
    return ((await layer(tensor(signal, { shape: [1, 16, 1] })).array()) as number[][][])[0]!;
  };

  it("is the Fourier transform of every frame, in every mode", async () => {
    const wanted = (f: (re: number, im: number) => number): number[][] =>
      [0, 4, 8].map((start) => Array.from({ length: 5 }, (_, bin) => f(...transform(start, bin))));
    const close = (found: number[][], expected: number[][]): void => {
      for (const [i, row] of expected.entries()) for (const [j, value] of row.entries()) expect(found[i]![j]).toBeCloseTo(value, 4);
    };
    close(
      await shown({ mode: "real" }),
      wanted((re) => re),
    );
    close(
      await shown({ mode: "imag" }),
      wanted((_, im) => im),
    );
    close(
      await shown({ mode: "magnitude" }),
      wanted((re, im) => Math.sqrt(Math.max(re * re + im * im, 1e-7))),
    );
    const psd = await shown({ mode: "psd" });
    close(
      psd,
      wanted((re, im) => re * re + im * im).map((row) => row.map((value, bin) => (bin === 0 || bin === 4 ? value : 2 * value))),
    );
    const both = await shown({ mode: "stft" });
    expect(both[0]!.length).toBe(10);
    expect(both[0]![2]).toBeCloseTo(4, 4);
  });

  it("keeps channels apart, first or last, and makes images", async () => {
    const x = tensor(
      Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i)),
      { shape: [1, 32, 2] },
    );
    const flat = layers.STFTSpectrogram({ frameLength: 8 })(x);
    const image = layers.STFTSpectrogram({ frameLength: 8, expandDims: true })(x);
    const first = layers.STFTSpectrogram({ frameLength: 8, dataFormat: "channels_first" })(ops.transpose(x, [0, 2, 1]));
    expect([flat.shape, image.shape, first.shape]).toEqual([[1, 7, 10], [1, 7, 5, 2], [1, 10, 7]]); // prettier-ignore
    expect(await ops.reshape(ops.transpose(image, [0, 1, 3, 2]), [1, 7, 10]).data()).toEqual(await flat.data());
    expect(await ops.transpose(first, [0, 2, 1]).data()).toEqual(await flat.data());
  });

  it("begins with windows that are scaled as they are told", async () => {
    const kernel = async (options: object): Promise<number[]> =>
      Array.from(await initializers.STFT(options)([4, 1, 3]).data()).filter((_, i) => i % 3 === 0);
    const close = (found: number[], wanted: number[]): void => found.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6));
    close(await kernel({ scaling: null }), [0, 0.75, 0.75, 0]);
    close(await kernel({ scaling: null, periodic: true }), [0, 0.5, 1, 0.5]);
    close(await kernel({ scaling: "spectrum", periodic: true }), [0, 0.25, 0.5, 0.25]);
    close(await kernel({ window: [3, 0, 0, 4] }), [0.6, 0, 0, 0.8]);
    close(await kernel({ window: null }), [1, 1, 1, 1]);
    expect(() => initializers.STFT({ window: [1, 2] })([4, 1, 3])).toThrow(/as long as the window/);
    expect(() => initializers.STFT({ side: "left" as never })).toThrow(/real/);
    const json = initializers.serialize(initializers.STFT({ side: "imag" }));
    expect(initializers.deserialize(json).getConfig()).toEqual({ side: "imag", window: "hann", periodic: false, scaling: "density" });
  });
});

describe("the mel scale", () => {
  it("has triangles that overlap: between two centres their shares add up to 1", () => {
    const matrix = melMatrix(257, 10, 8000, 100, 3900);
    const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);
    const [low, high] = [mel(100), mel(3900)];
    const step = (high - low) / 11;
    for (let bin = 0; bin < 257; bin++) {
      const at = mel((4000 * bin) / 256);
      const sum = matrix.slice(bin * 10, bin * 10 + 10).reduce((a, b) => a + b, 0);
      if (at >= low + step && at <= high - step) expect(sum).toBeCloseTo(1, 5);
      if (at < low || at > high) expect(sum).toBe(0);
    }
  });
});
