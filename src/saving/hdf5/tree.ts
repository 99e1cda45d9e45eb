/** What an HDF5 file holds, as plain data: groups of groups and datasets, with attributes. */

/**
 * Element types of datasets and attributes. "bool" is h5py's enumeration of one byte; "string" is text in UTF-8; "bfloat16",
 * which HDF5 lacks, is Keras's: opaque data of two bytes in a dataset whose attribute `dtype` says what they are.
 */
export type H5DType =
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
  | "string";

/** Element types whose elements all have one size. */
export type H5NumericDType = Exclude<H5DType, "string">;

/** Bytes of an element. */
export const elementBytes: Readonly<Record<H5NumericDType, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

/** Numbers in row-major order, little-endian. */
export interface H5Array {
  readonly dtype: H5NumericDType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * The value of an attribute: one text (UTF-8), a list of texts of any length (h5py's `object`), a list of texts of one
 * length in bytes (NumPy's `S`), or numbers.
 */
export type H5Attribute = string | readonly string[] | { readonly fixed: readonly string[] } | H5Array;

/** A group to be written. Names of members hold no slash. */
export interface H5GroupContent {
  readonly attributes: Map<string, H5Attribute>;
  readonly members: Map<string, H5GroupContent | H5Array>;
}

const none: ReadonlyMap<string, H5Attribute> = new Map();
const ofBfloat16: ReadonlyMap<string, H5Attribute> = new Map([["dtype", "bfloat16"]]);

/** The attributes of a member of a group. */
export function attributesOf(member: H5GroupContent | H5Array): ReadonlyMap<string, H5Attribute> {
  if (isGroup(member)) return member.attributes;
  return member.dtype === "bfloat16" ? ofBfloat16 : none;
}

/** A new empty group. */
export function groupContent(): H5GroupContent {
  return { attributes: new Map(), members: new Map() };
}

/** Whether a member of a group is a group. */
export function isGroup(member: H5GroupContent | H5Array): member is H5GroupContent {
  return "members" in member;
}

/** The group at a path inside another one, made where it is missing. */
export function groupAt(root: H5GroupContent, path: string): H5GroupContent {
  let group = root;
  for (const name of path.split("/").filter((part) => part !== "")) {
    const member = group.members.get(name);
    if (member !== undefined && isGroup(member)) {
      group = member;
      continue;
    }
    const made = groupContent();
    group.members.set(name, made);
    group = made;
  }
  return group;
}

/** Puts numbers at a path, making the groups above. */
export function putArray(root: H5GroupContent, path: string, array: H5Array): void {
  const at = path.lastIndexOf("/");
  groupAt(root, path.slice(0, Math.max(0, at))).members.set(path.slice(at + 1), array);
}
