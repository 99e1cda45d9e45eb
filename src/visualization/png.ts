/** PNG files. */
import { zlibSync } from "fflate";
import { ShapeError } from "../errors.ts";

const signature = [137, 80, 78, 71, 13, 10, 26, 10];

/** CRC-32 of the polynomial 0xEDB88320 (PNG specification, annex D). */
const crcTable: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < 8 + data.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  view.setUint32(8 + data.length, (crc ^ 0xffffffff) >>> 0);
  return bytes;
}

/**
 * A PNG file of pixels 0 to 255, row by row: grey (1 channel), RGB (3) or RGBA (4). Works wherever JavaScript does. PNG
 * Specification, W3C, third edition. Throws ShapeError where the number of pixels is another.
 */
export function encodePng(pixels: Uint8Array | Uint8ClampedArray, width: number, height: number, channels: 1 | 3 | 4): Uint8Array {
  if (pixels.length !== width * height * channels || pixels.length === 0)
    throw new ShapeError({
      where: "encodePng",
      problem: "the pixels do not fill the picture",
      expected: `${width} x ${height} x ${channels} bytes`,
      received: String(pixels.length),
    });
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 1 ? 0 : channels === 3 ? 2 : 6;
  // Each row starts with the number of its filter; 2: differences to the row above, which suits smooth pictures.
  const stride = width * channels;
  const rows = new Uint8Array(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    rows[row * (stride + 1)] = 2;
    for (let i = 0; i < stride; i++)
      rows[row * (stride + 1) + 1 + i] = pixels[row * stride + i]! - (row === 0 ? 0 : pixels[(row - 1) * stride + i]!);
  }
  const parts = [
    Uint8Array.from(signature),
    chunk("IHDR", header),
    chunk("IDAT", zlibSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
