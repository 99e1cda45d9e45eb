/** Summaries: scalars, histograms, images and models as TensorBoard's plugins read them (tensorboard/compat/proto/summary.proto). */
import { Message } from "./message.ts";
import { encodePng } from "./png.ts";

/** Data classes and dtypes of the messages. */
const dataClass = { scalar: 1, tensor: 2, blobs: 3 } as const;
const dtypes = { float: 1, double: 2, string: 7 } as const;

/** Number of buckets of a histogram. */
const bucketCount = 30;

/** One value with its tag: field `value` of a Summary. */
function valueOf(tag: string, plugin: string, kind: number, tensor: Message, content?: string): Message {
  const pluginData = new Message().bytes(1, plugin);
  if (content !== undefined) pluginData.bytes(2, content);
  const metadata = new Message().bytes(1, pluginData);
  if (kind !== 0) metadata.integer(4, kind);
  return new Message().bytes(1, tag).bytes(9, metadata).bytes(8, tensor);
}

/** TensorShapeProto. */
export function shapeMessage(shape: readonly (number | null)[]): Message {
  const message = new Message();
  for (const extent of shape) message.bytes(2, new Message().integer(1, extent ?? -1));
  return message;
}

function tensorOf(dtype: number, shape: readonly number[]): Message {
  return new Message().integer(1, dtype).bytes(2, shapeMessage(shape));
}

/** A number. */
export function scalarSummary(tag: string, value: number): Message {
  return valueOf(tag, "scalars", dataClass.scalar, tensorOf(dtypes.float, []).bytes(4, new Uint8Array(Float32Array.of(value).buffer)));
}

/** Buckets [left, right, count] of the finite values, of equal width. */
export function histogramBuckets(values: ArrayLike<number>, count: number = bucketCount): [number, number, number][] {
  const finite = Array.from(values).filter(Number.isFinite);
  if (finite.length === 0) return [];
  let [low, high] = [Infinity, -Infinity];
  for (const value of finite) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === high) return [[low - 0.5, high + 0.5, finite.length]];
  const width = (high - low) / count;
  const counts = new Array<number>(count).fill(0);
  for (const value of finite) counts[Math.min(count - 1, Math.floor((value - low) / width))]! += 1;
  return counts.map((n, i) => [low + i * width, i === count - 1 ? high : low + (i + 1) * width, n]);
}

/** The distribution of values. */
export function histogramSummary(tag: string, values: ArrayLike<number>): Message {
  const buckets = histogramBuckets(values);
  const tensor = tensorOf(dtypes.double, [buckets.length, 3]).bytes(4, new Uint8Array(Float64Array.from(buckets.flat()).buffer));
  return valueOf(tag, "histograms", dataClass.tensor, tensor);
}

/** Images in [0, 255]. Shapes: pixels [images, height, width, channels], 1, 3 or 4 channels; at most three are kept. */
export async function imageSummary(
  tag: string,
  pixels: Uint8Array,
  [images, height, width, channels]: readonly [number, number, number, 1 | 3 | 4],
): Promise<Message> {
  const kept = Math.min(images, 3);
  const tensor = tensorOf(dtypes.string, [kept + 2])
    .bytes(8, String(width))
    .bytes(8, String(height));
  const size = height * width * channels;
  for (let i = 0; i < kept; i++) tensor.bytes(8, await encodePng(pixels.subarray(i * size, (i + 1) * size), height, width, channels));
  return valueOf(tag, "images", dataClass.blobs, tensor);
}

/** A model as Keras's JSON: the conceptual graph. */
export function modelSummary(tag: string, json: string): Message {
  return valueOf(tag, "graph_keras_model", 0, tensorOf(dtypes.string, []).bytes(8, json), "1");
}
