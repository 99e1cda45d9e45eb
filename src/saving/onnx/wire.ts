/** Protocol buffers by the table of messages: fields that are not in it are skipped. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FormatError } from "../source.ts";
import { type Field, type FieldKind, type MessageName, messages, type ModelProto } from "./schema.ts";

type Message = Record<string, unknown>;

/** How deep messages may lie in each other: bodies of loops in bodies of loops. */
const depthLimit = 64;

function decodeMessage(reader: BinaryReader, end: number, name: MessageName, depth: number): Message {
  if (depth > depthLimit) throw new Error(`messages lie more than ${depthLimit} deep in each other`);
  const fields = messages[name];
  const message: Message = {};
  for (const field of Object.values(fields)) if (field.repeated) message[field.name] = [];
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field = Object.hasOwn(fields, number) ? fields[number] : undefined;
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    decodeField(reader, field, wire, number, message, depth);
    if (reader.pos > end) throw new Error("a field is longer than its message");
  }
  if (reader.pos !== end) throw new Error("a message is longer than it says");
  return message;
}

const wireTypes: Readonly<Record<Exclude<FieldKind, object>, WireType>> = {
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};

function decodeField(reader: BinaryReader, field: Field, wire: WireType, number: number, message: Message, depth: number): void {
  const { name, kind, repeated } = field;
  const put = (value: unknown): void => {
    if (repeated) (message[name] as unknown[]).push(value);
    else message[name] = value;
  };
  const packable = typeof kind === "string" && kind !== "string" && kind !== "bytes";
  if (packable && repeated && wire === WireType.LengthDelimited) {
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new Error("a list is longer than the file");
    while (reader.pos < end) put(decodeScalar(reader, kind));
    return;
  }
  const expected = typeof kind === "string" ? wireTypes[kind] : WireType.LengthDelimited;
  if (wire !== expected) {
    reader.skip(wire, number);
    return;
  }
  if (typeof kind === "string") {
    put(decodeScalar(reader, kind));
    return;
  }
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new Error("a message is longer than the file");
  put(decodeMessage(reader, end, kind.message, depth + 1));
}

function decodeScalar(reader: BinaryReader, kind: Exclude<FieldKind, object>): unknown {
  switch (kind) {
    case "int32":
      return reader.int32();
    case "int64":
      return Number(reader.int64());
    case "uint64":
      return Number(reader.uint64());
    case "float":
      return reader.float();
    case "double":
      return reader.double();
    case "string":
      return reader.string();
    case "bytes":
      return reader.bytes();
  }
}

/** The model of an ONNX file. Throws FormatError where the bytes are no model. */
export function decodeModel(where: string, bytes: Uint8Array): ModelProto {
  try {
    const reader = new BinaryReader(bytes);
    return decodeMessage(reader, reader.len, "Model", 0) as unknown as ModelProto;
  } catch (error) {
    throw new FormatError({
      where,
      problem: "the file is no ONNX model, or broken",
      received: (error as Error).message,
      advice: "check that it was copied whole",
    });
  }
}

function encodeMessage(writer: BinaryWriter, message: Message, name: MessageName): void {
  for (const [key, field] of Object.entries(messages[name])) {
    const value = message[field.name];
    if (value === undefined) continue;
    const number = Number(key);
    if (!field.repeated) {
      encodeValue(writer, number, field.kind, value);
      continue;
    }
    const list = value as readonly unknown[];
    if (list.length === 0) continue;
    const { kind } = field;
    if (typeof kind === "string" && kind !== "string" && kind !== "bytes") {
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const entry of list) encodeScalar(writer, kind, entry);
      writer.join();
    } else for (const entry of list) encodeValue(writer, number, kind, entry);
  }
}

function encodeValue(writer: BinaryWriter, number: number, kind: FieldKind, value: unknown): void {
  if (typeof kind === "string") {
    writer.tag(number, wireTypes[kind]);
    encodeScalar(writer, kind, value);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  encodeMessage(writer, value as Message, kind.message);
  writer.join();
}

function encodeScalar(writer: BinaryWriter, kind: Exclude<FieldKind, object>, value: unknown): void {
  switch (kind) {
    case "int32":
      writer.int32(value as number);
      return;
    case "int64":
      writer.int64(BigInt(value as number));
      return;
    case "uint64":
      writer.uint64(BigInt(value as number));
      return;
    case "float":
      writer.float(value as number);
      return;
    case "double":
      writer.double(value as number);
      return;
    case "string":
      writer.string(value as string);
      return;
    case "bytes":
      writer.bytes(value as Uint8Array);
  }
}

/** The bytes of an ONNX file. */
export function encodeModel(model: Partial<ModelProto>): Uint8Array {
  const writer = new BinaryWriter();
  encodeMessage(writer, model, "Model");
  return writer.finish();
}
