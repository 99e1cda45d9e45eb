/** WAV files: sampled sound. */
import { ValueError } from "../errors.ts";
import { FormatError } from "../saving/source.ts";

/** Sound of one or several channels. */
export interface Sound {
  /** Samples from -1 to 1, those of all channels at one time beside each other. Shape [time, channels]. */
  readonly samples: Float32Array;
  readonly channels: number;
  /** Samples a second. */
  readonly sampleRate: number;
}

const pcm = 1;
const ieeeFloat = 3;
const extensible = 0xfffe;

/**
 * The sound of a WAV file: PCM of 8, 16, 24 or 32 bits, or float of 32 or 64. Integers are divided by 2^(bits - 1), as
 * TensorFlow's `decode_wav` does. IBM and Microsoft, "Multimedia programming interface and data specifications 1.0", 1991.
 * Throws FormatError, naming `where`, for broken files and other encodings.
 */
export function decodeWav(bytes: Uint8Array, where = "decodeWav"): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  const broken = (problem: string, received: string): FormatError =>
    new FormatError({ where, problem, expected: "a WAV file: RIFF, WAVE, a format and data", received });
  if (bytes.length < 12 || name(0) !== "RIFF" || name(8) !== "WAVE") throw broken("this is no WAV file", `${bytes.length} bytes`);
  let format: { readonly code: number; readonly channels: number; readonly sampleRate: number; readonly bits: number } | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (name(at) === "fmt ") {
      if (size < 16 || start + size > bytes.length) throw broken("the format of the sound is cut off", `${size} bytes`);
      const code = view.getUint16(start, true);
      format = {
        code: code === extensible && size >= 40 ? view.getUint16(start + 24, true) : code,
        channels: view.getUint16(start + 2, true),
        sampleRate: view.getUint32(start + 4, true),
        bits: view.getUint16(start + 14, true),
      };
    } else if (name(at) === "data") {
      if (format === null) throw broken("the samples come before their format", "data");
      if (start + size > bytes.length) throw broken("the samples are cut off", `${bytes.length - start} of ${size} bytes`);
      return { samples: samplesOf(where, view, start, size, format), channels: format.channels, sampleRate: format.sampleRate };
    }
    // Chunks begin at even places.
    at = start + size + (size & 1);
  }
  throw broken("the file holds no samples", `${bytes.length} bytes`);
}

/** The sound of a WAV file that must have a rate. Throws ValueError, naming the file, for another; FormatError as `decodeWav`. */
export function decodeWavAt(where: string, path: string, bytes: Uint8Array, sampleRate: number | null): Sound {
  const sound = decodeWav(bytes, path);
  if (sampleRate === null || sound.sampleRate === sampleRate) return sound;
  throw new ValueError({
    where,
    problem: `${path} has another sampling rate`,
    expected: `${sampleRate} samples a second`,
    received: String(sound.sampleRate),
    advice: `bring all to one rate first: ffmpeg -i IN -ar ${sampleRate} OUT.wav`,
  });
}

function samplesOf(
  where: string,
  view: DataView,
  start: number,
  size: number,
  { code, channels, bits }: { readonly code: number; readonly channels: number; readonly bits: number },
): Float32Array {
  const read = readers[`${code}/${bits}`];
  const width = bits / 8;
  if (read === undefined || channels === 0 || size % (width * channels) !== 0)
    throw new FormatError({
      where,
      problem: "this encoding of sound is not read",
      expected: "PCM of 8, 16, 24 or 32 bits, or float of 32 or 64 bits",
      received: `format ${code}, ${bits} bits, ${channels} channels, ${size} bytes`,
      advice: "convert it: ffmpeg -i IN -c:a pcm_s16le OUT.wav",
    });
  return Float32Array.from({ length: size / width }, (_, i) => read(view, start + i * width));
}

/** A sample by format and bits. Bytes are unsigned around 128. */
const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  [`${pcm}/8`]: (view, at) => (view.getUint8(at) - 128) / 128,
  [`${pcm}/16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${pcm}/24`]: (view, at) => (view.getUint16(at, true) | (view.getInt8(at + 2) << 16)) / 2 ** 23,
  [`${pcm}/32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${ieeeFloat}/32`]: (view, at) => view.getFloat32(at, true),
  [`${ieeeFloat}/64`]: (view, at) => view.getFloat64(at, true),
};
