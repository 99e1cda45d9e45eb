/** Data sets of sound files in folders. */
import { ValueError } from "../../errors.ts";
import { checkOptions } from "../../serialization/index.ts";
import { padStack } from "../transformations/padded-batch.ts";
import { decodeWavAt } from "../wav.ts";
import { FileDataset, type FileReading, type FilesFromDirectory } from "./file-dataset.ts";
import { type FolderDatasetOptions, filesOfParts, folderOptionNames } from "./folder-options.ts";
import type { FileKind } from "./labelled-files.ts";

/** Options of `audioDatasetFromDirectory`. */
export interface AudioDatasetOptions extends FolderDatasetOptions {
  /** Samples of every sound: longer ones are cut, shorter ones end in silence; null (default): the longest of each batch. */
  readonly outputSequenceLength?: number | null;
  /** Samples a second that every file must have; null (default): whatever they have. */
  readonly samplingRate?: number | null;
}

const sounds: FileKind = { plural: "sounds", endings: [".wav"] };

/**
 * The `.wav` files below a folder that has a folder for each class, as batches `[sounds, labels]`: sounds float32 `[batch,
 * time, channels]` from -1 to 1, labels int32 `[batch]` (or as `labelMode` says). Nothing is resampled: a file of another
 * `samplingRate` is refused. Throws ValueError for missing or empty folders and options that do not fit, FormatError for
 * broken files.
 *
 * @example
 * const words = await data.audioDatasetFromDirectory("commands", { outputSequenceLength: 16000 });
 */
export const audioDatasetFromDirectory: FilesFromDirectory<AudioDatasetOptions> = async function (
  directory: string,
  options: AudioDatasetOptions = {},
): Promise<never> {
  const where = "audioDatasetFromDirectory";
  checkOptions(where, options, [...folderOptionNames, "outputSequenceLength", "samplingRate"]);
  const { outputSequenceLength: length = null, samplingRate = null } = options;
  if (length !== null && !(Number.isInteger(length) && length > 0))
    throw new ValueError({
      where,
      problem: "outputSequenceLength is a number of samples",
      expected: "1, 2, ..., or null",
      received: String(length),
    });
  const reading: FileReading = {
    decode: (path, bytes) => {
      const sound = decodeWavAt(where, path, bytes, samplingRate);
      const time = length ?? sound.samples.length / sound.channels;
      const values = new Float32Array(time * sound.channels);
      values.set(sound.samples.subarray(0, values.length));
      return { values, shape: [time, sound.channels], dtype: "float32" };
    },
    stack: padStack(where, {}),
  };
  const { files, seed } = await filesOfParts(where, sounds, directory, options);
  const [first, second] = files.map((part) => new FileDataset(where, options, part, seed, reading));
  return (options.subset === "both" ? [first, second] : first) as never;
};
