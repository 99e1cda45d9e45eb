import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import "../index.ts";
import { loadSounds } from "./sounds.ts";
import { decodeWav } from "./wav.ts";

/** A WAV file with an odd chunk before its samples. */
function wav(code: number, channels: number, bits: number, samples: Uint8Array, sampleRate = 8000): Uint8Array {
  const text = (value: string): number[] => [...value].map((character) => character.charCodeAt(0));
  const u16 = (value: number): number[] => [value & 255, value >> 8];
  const u32 = (value: number): number[] => [...u16(value & 65535), ...u16(value >>> 16)];
  const format = [...u16(code), ...u16(channels), ...u32(sampleRate), ...u32((sampleRate * channels * bits) / 8), ...u16((channels * bits) / 8), ...u16(bits)]; // prettier-ignore
  const list = [...text("LIST"), ...u32(3), 1, 2, 3, 0];
  const body = [...text("WAVE"), ...text("fmt "), ...u32(16), ...format, ...list, ...text("data"), ...u32(samples.length), ...samples];
  return Uint8Array.from([...text("RIFF"), ...u32(body.length), ...body]);
}

describe("decodeWav", () => {
  it("reads integers of every width and floats, -1 to 1, channels beside each other", () => {
    const sixteen = decodeWav(wav(1, 2, 16, Uint8Array.of(0, 128, 255, 127, 0, 64, 0, 0)));
    expect([...sixteen.samples]).toEqual([-1, 1 - 2 ** -15, 0.5, 0]);
    expect([sixteen.channels, sixteen.sampleRate]).toEqual([2, 8000]);
    expect([...decodeWav(wav(1, 1, 8, Uint8Array.of(0, 128, 192))).samples]).toEqual([-1, 0, 0.5]);
    expect([...decodeWav(wav(1, 1, 24, Uint8Array.of(0, 0, 128, 0, 0, 64, 255, 255, 255))).samples]).toEqual([-1, 0.5, -(2 ** -23)]);
    expect([...decodeWav(wav(1, 1, 32, Uint8Array.of(0, 0, 0, 192))).samples]).toEqual([-0.5]);
    expect([...decodeWav(wav(3, 1, 32, new Uint8Array(Float32Array.of(0.25, -2).buffer))).samples]).toEqual([0.25, -2]);
    expect([...decodeWav(wav(3, 1, 64, new Uint8Array(Float64Array.of(0.125).buffer))).samples]).toEqual([0.125]);
  });

  it("says what is broken or not read", () => {
    const whole = wav(1, 1, 16, Uint8Array.of(1, 2, 3, 4));
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeWav(whole.subarray(0, length), "a.wav")).toThrow(/E_FORMAT {2}a\.wav/);
    expect(() => decodeWav(wav(6, 1, 8, Uint8Array.of(1)))).toThrow(/this encoding[^]*format 6, 8 bits/);
    expect(() => decodeWav(wav(1, 0, 16, Uint8Array.of(1, 2)))).toThrow(/0 channels/);
    expect(() => decodeWav(wav(1, 1, 16, Uint8Array.of(1, 2, 3)))).toThrow(/3 bytes/);
  });
});

describe("loadSounds", () => {
  it("gives the files of a folder as rows, cut or filled up, and says which file does not fit", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nabla-sounds-"));
    try {
      writeFileSync(join(folder, "b.wav"), wav(1, 1, 8, Uint8Array.of(192, 64)));
      writeFileSync(join(folder, "a.WAV"), wav(1, 2, 8, Uint8Array.of(192, 128, 0, 0, 192, 192, 128, 128)));
      writeFileSync(join(folder, "notes.txt"), "no sound");
      const { sounds, names, sampleRate } = await loadSounds(folder, { length: 3 });
      expect([names, sampleRate]).toEqual([["a.WAV", "b.wav"], 8000]);
      expect(await sounds.array()).toEqual([[0.25, -1, 0.5], [0.5, -0.5, 0]]); // prettier-ignore
      await expect(loadSounds(folder, { length: 3, sampleRate: 16000 })).rejects.toThrow(/a\.WAV has another sampling rate/);
      writeFileSync(join(folder, "c.wav"), "RIFF");
      await expect(loadSounds(folder, { length: 3 })).rejects.toThrow(/E_FORMAT {2}[^]*c\.wav/);
      await expect(loadSounds(join(folder, "none"), { length: 3 })).rejects.toThrow(/holds no sounds/);
      await expect(loadSounds(folder, { length: 0 })).rejects.toThrow(/number of samples/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
