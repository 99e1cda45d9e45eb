/** The messages of ONNX that are read and written: a table for the wire format, and their TypeScript form. Source: onnx.proto3. */

/** How a field stands in the file. */
export type FieldKind = "int32" | "int64" | "uint64" | "float" | "double" | "string" | "bytes" | { readonly message: MessageName };

/** One field of a message. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
}

/** Names of messages. */
export type MessageName =
  | "Model"
  | "OperatorSet"
  | "Entry"
  | "Graph"
  | "Node"
  | "Attribute"
  | "Tensor"
  | "SparseTensor"
  | "ValueInfo"
  | "Type"
  | "TensorType"
  | "Shape"
  | "Dimension"
  | "Function";

const one = (name: string, kind: FieldKind): Field => ({ name, kind, repeated: false });
const many = (name: string, kind: FieldKind): Field => ({ name, kind, repeated: true });
const of = (message: MessageName): FieldKind => ({ message });

/** Fields of each message by number. */
export const messages: Readonly<Record<MessageName, Readonly<Record<number, Field>>>> = {
  Model: {
    1: one("irVersion", "int64"),
    2: one("producerName", "string"),
    3: one("producerVersion", "string"),
    6: one("docString", "string"),
    7: one("graph", of("Graph")),
    8: many("opsetImport", of("OperatorSet")),
    14: many("metadataProps", of("Entry")),
    25: many("functions", of("Function")),
  },
  OperatorSet: { 1: one("domain", "string"), 2: one("version", "int64") },
  Entry: { 1: one("key", "string"), 2: one("value", "string") },
  Graph: {
    1: many("node", of("Node")),
    2: one("name", "string"),
    5: many("initializer", of("Tensor")),
    11: many("input", of("ValueInfo")),
    12: many("output", of("ValueInfo")),
    15: many("sparseInitializer", of("SparseTensor")),
  },
  Node: {
    1: many("input", "string"),
    2: many("output", "string"),
    3: one("name", "string"),
    4: one("opType", "string"),
    5: many("attribute", of("Attribute")),
    7: one("domain", "string"),
  },
  Attribute: {
    1: one("name", "string"),
    2: one("f", "float"),
    3: one("i", "int64"),
    4: one("s", "bytes"),
    5: one("t", of("Tensor")),
    6: one("g", of("Graph")),
    7: many("floats", "float"),
    8: many("ints", "int64"),
    9: many("strings", "bytes"),
    10: many("tensors", of("Tensor")),
    11: many("graphs", of("Graph")),
    20: one("type", "int32"),
    21: one("refAttrName", "string"),
  },
  Tensor: {
    1: many("dims", "int64"),
    2: one("dataType", "int32"),
    4: many("floatData", "float"),
    5: many("int32Data", "int32"),
    6: many("stringData", "bytes"),
    7: many("int64Data", "int64"),
    8: one("name", "string"),
    9: one("rawData", "bytes"),
    10: many("doubleData", "double"),
    11: many("uint64Data", "uint64"),
    13: many("externalData", of("Entry")),
    14: one("dataLocation", "int32"),
  },
  SparseTensor: { 1: one("values", of("Tensor")), 2: one("indices", of("Tensor")), 3: many("dims", "int64") },
  ValueInfo: { 1: one("name", "string"), 2: one("type", of("Type")) },
  Type: { 1: one("tensorType", of("TensorType")) },
  TensorType: { 1: one("elemType", "int32"), 2: one("shape", of("Shape")) },
  Shape: { 1: many("dim", of("Dimension")) },
  Dimension: { 1: one("dimValue", "int64"), 2: one("dimParam", "string") },
  Function: {
    1: one("name", "string"),
    4: many("input", "string"),
    5: many("output", "string"),
    6: many("attribute", "string"),
    7: many("node", of("Node")),
    10: one("domain", "string"),
    11: many("attributeProto", of("Attribute")),
  },
};

/** A whole file. */
export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  producerVersion?: string;
  docString?: string;
  graph?: GraphProto;
  opsetImport: { domain?: string; version?: number }[];
  metadataProps: EntryProto[];
  functions: FunctionProto[];
}

/** A pair of texts. */
export interface EntryProto {
  key?: string;
  value?: string;
}

/** A graph: the model's, or the body of an operator. */
export interface GraphProto {
  node: NodeProto[];
  name?: string;
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  sparseInitializer: SparseTensorProto[];
}

/** One application of an operator. */
export interface NodeProto {
  input: string[];
  output: string[];
  name?: string;
  opType?: string;
  attribute: AttributeProto[];
  domain?: string;
}

/** A static argument of an operator. */
export interface AttributeProto {
  name?: string;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats: number[];
  ints: number[];
  strings: Uint8Array[];
  tensors: TensorProto[];
  graphs: GraphProto[];
  type?: number;
  refAttrName?: string;
}

/** An array. */
export interface TensorProto {
  dims: number[];
  dataType?: number;
  floatData: number[];
  int32Data: number[];
  stringData: Uint8Array[];
  int64Data: number[];
  name?: string;
  rawData?: Uint8Array;
  doubleData: number[];
  uint64Data: number[];
  externalData: EntryProto[];
  dataLocation?: number;
}

/** An array most of whose elements are zero. */
export interface SparseTensorProto {
  values?: TensorProto;
  indices?: TensorProto;
  dims: number[];
}

/** Name and type of a value. */
export interface ValueInfoProto {
  name?: string;
  type?: { tensorType?: { elemType?: number; shape?: { dim: { dimValue?: number; dimParam?: string }[] } } };
}

/** An operator defined by a graph. */
export interface FunctionProto {
  name?: string;
  input: string[];
  output: string[];
  attribute: string[];
  node: NodeProto[];
  domain?: string;
  attributeProto: AttributeProto[];
}

/** Numbers of element types. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** Numbers of kinds of attributes. */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;
