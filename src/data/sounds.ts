/** Folders of sound files. */
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { decodeWavAt, type Sound } from "./wav.ts";

/** Options of `loadSounds`. */
export interface LoadSoundsOptions {
  /** Samples of every row: longer sounds are cut, shorter ones filled up with silence at their end. */
  readonly length: number;
  /** What every file must have; null (default): all the same. */
  readonly sampleRate?: number | null;
}

/** The sounds of a folder. */
export interface LoadedSounds {
  /** float32 `[files, length]`, the channels' mean. */
  readonly sounds: Tensor;
  /** Names of the files, in the order of the rows. */
  readonly names: readonly string[];
  readonly sampleRate: number;
}

/**
 * The WAV files of a folder, sorted by name, as the rows of one array. Throws ValueError for a folder without WAV files and
 * for other sample rates, FormatError, naming the file, for what is broken.
 *
 * @example
 * const { sounds, names } = await data.loadSounds("recordings", { length: 8000 });
 */
export async function loadSounds(folder: string, options: LoadSoundsOptions): Promise<LoadedSounds> {
  const where = "data.loadSounds";
  checkOptions(where, options, ["length", "sampleRate"]);
  const { length } = options;
  if (!(Number.isInteger(length) && length > 0))
    throw new ValueError({
      where,
      problem: "length is a number of samples",
      expected: "a whole number from 1 on",
      received: String(length),
    });
  const names = ((await platform.files.list(folder)) ?? [])
    .filter(({ name, isFolder }) => !isFolder && /\.wav$/i.test(name))
    .map(({ name }) => name);
  if (names.length === 0)
    throw new ValueError({ where, problem: "the folder holds no sounds", expected: "files that end in .wav", received: folder });
  const rows = new Float32Array(names.length * length);
  let rate = options.sampleRate ?? null;
  for (const [row, name] of names.entries()) {
    const path = `${folder}/${name}`;
    const sound: Sound = decodeWavAt(where, path, (await platform.readFile(path)) ?? new Uint8Array(), rate);
    rate ??= sound.sampleRate;
    const count = Math.min(length, sound.samples.length / sound.channels);
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let channel = 0; channel < sound.channels; channel++) sum += sound.samples[i * sound.channels + channel]!;
      rows[row * length + i] = sum / sound.channels;
    }
  }
  return { sounds: dataTensor(rows, [names.length, length], "float32"), names, sampleRate: rate! };
}
