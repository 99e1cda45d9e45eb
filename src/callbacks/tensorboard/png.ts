/** PNG files of 8-bit images (ISO/IEC 15948). */
import { crc, makeTable } from "./crc32c.ts";

const table = /* @__PURE__ */ makeTable(0xedb88320);
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };

/** A PNG of `pixels` [height, width, channels]; 1, 3 or 4 channels: grey, RGB, RGBA. */
export async function encodePng(pixels: Uint8Array, height: number, width: number, channels: 1 | 3 | 4): Promise<Uint8Array> {
  const row = width * channels;
  // Every row begins with its filter: none.
  const filtered = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) filtered.set(pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colourTypes[channels]!, 0, 0, 0], 8);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", await deflated(filtered)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return concatenated(parts);
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(content.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(content, 8);
  view.setUint32(8 + content.length, crc(out.subarray(4, 8 + content.length), table));
  return out;
}

async function deflated(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
