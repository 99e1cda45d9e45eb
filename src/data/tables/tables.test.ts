import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errors, type StringTensor, type Tensor } from "../../index.ts";
import { Dataset, readCsv, readParquet } from "../index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const csv = bytes(`\uFEFFheight,"name, given",age,tall,note\r\n1.5,"Ada ""A""",36,true,x\r\n,Bo,41,false,\r\n1e1,"C\nD",-3,true,NA\r\n`);
/** Written by hyparquet-writer: id int32, big int64, x double, name text, ok bool, when timestamp; some cells missing. */
const parquet = Uint8Array.from(
  atob(
    "UEFSMRUGFRwVIFwVBhUAFQYVABUEFQAAAAMHDCwBAAAAAgAAAAMAAAAVBhU0FSxcFQYVABUGFQAVBBUAAAADBxgEAQAJAQACCQcgAACsI/wGAAAAFQYVJBUkXBUGFQIVBhUAFQQVAAAAAwUQAAAFASTgPwAAAAAAAARAFQYVGBUcXBUGFQIVBhUAFQQVAAAAAwMKJAEAAABhAQAAAGIVBhUGFQpcFQYVABUGFQAVBBUAAAADBwEABRUGFTQVMFwVBhUAFQYVABUEFQAAAAMHGAAADQE86AMAAAAAAADQBwAAAAAAABUEGXxIBHJvb3QVDAAVAiUCGAJpZAAVBCUCGANiaWcAFQolAhgBeAAVDCUCGARuYW1lJQAAFQAlAhgCb2sAFQQlAhgEd2hlbiUSABYGGRwZbCYIHBUCGRUAGRgCaWQVAhYGFkYWSiYIPDYAKAQDAAAAGAQBAAAAABkcFQYVABUCAAAAJlIcFQQZFQAZGANiaWcVAhYGFl4WViZSPDYAKAgArCP8BgAAABgIAQAAAAAAAAAAGRwVBhUAFQIAAAAmqAEcFQoZFQAZGAF4FQIWBhZOFk4mqAE8NgIoCAAAAAAAAARAGAgAAAAAAADgPzYAABkcFQYVABUCAAAAJvYBHBUMGRUAGRgEbmFtZRUCFgYWQhZGJvYBPDYCKAFiGAFhABkcFQYVABUCAAAAJrwCHBUAGRUAGRgCb2sVAhYGFjAWNCa8Ajw2ACgBARgBAAAZHBUGFQAVAgAAACbwAhwVBBkVABkYBHdoZW4VAhYGFl4WWibwAjw2ACgI0AcAAAAAAAAYCAAAAAAAAAAAABkcFQYVABUCAAAAFsIDFgY2wgMAKAloeXBhcnF1ZXQZbBwAABwAABwAABwAABwAABwAAADAAQAAUEFSMQ==",
  ),
  (character) => character.charCodeAt(0),
);
const contents = async (columns: Readonly<Record<string, Tensor | StringTensor>>): Promise<unknown> =>
  Object.fromEntries(
    await Promise.all(Object.entries(columns).map(async ([name, column]) => [name, [column.dtype, await column.array()]])),
  );
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-tables-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("CSV files", () => {
  it("give columns of the narrowest dtype that fits, quoted cells and missing ones included", async () => {
    expect(await contents(await readCsv(csv))).toEqual({
      height: ["float32", [1.5, NaN, 10]],
      "name, given": ["string", ['Ada "A"', "Bo", "C\nD"]],
      age: ["int32", [36, 41, -3]],
      tall: ["bool", [true, false, true]],
      note: ["string", ["x", "", ""]],
    });
    const chosen = await readCsv(bytes("1;2\n3;x"), { header: false, delimiter: ";", columns: ["1"], dtypes: { 1: "string" } });
    expect(await contents(chosen)).toEqual({ 1: ["string", ["2", "x"]] });
    expect((await readCsv(bytes("n\n3000000000"))).n!.dtype).toBe("float32");
  });

  it("are read from paths, as rows for a data set", async () => {
    const path = join(folder, "points.csv");
    writeFileSync(path, "x,y,kind\n1,2,0\n3,4,1\n5,6,1\n");
    const rows = Dataset.fromCsv(path, { labelName: "kind", features: "matrix" }).batch(2);
    const batches = (await rows.toArray()) as (readonly Tensor[])[];
    expect(await Promise.all(batches.map(async ([x, y]) => [await x!.array(), await y!.array()]))).toEqual([[[[1, 2], [3, 4]], [0, 1]], [[[5, 6]], [1]]]); // prettier-ignore
    const named = (await Dataset.fromCsv(path).toArray()) as Record<string, Tensor>[];
    expect(await named[1]!.kind!.item()).toBe(1);
    expect(Object.keys(named[0]!)).toEqual(["x", "y", "kind"]);
  });

  it("are read again at the next pass where the file was not there", async () => {
    const path = join(folder, "late.csv");
    const rows = Dataset.fromCsv(path);
    await expect(rows.toArray()).rejects.toThrow(/no such file/);
    writeFileSync(path, "x\n1\n2\n");
    expect((await rows.toArray()).length).toBe(2);
  });

  it("say where they are broken", async () => {
    await expect(readCsv(bytes("a,b\n1,2\n3"))).rejects.toThrow(/line 3 of the file has another number of cells/);
    await expect(readCsv(bytes('a\n"1'))).rejects.toThrow(/no CSV file/);
    await expect(readCsv(bytes(""))).rejects.toThrow(/empty/);
    await expect(readCsv(bytes("a,a\n1,2"))).rejects.toThrow(/two columns[^]*"a"/);
    await expect(readCsv(bytes("a\n1\nx"), { dtypes: { a: "int32" } })).rejects.toThrow(/"a" has a cell that is no int32, line 3[^]*"x"/);
    await expect(readCsv(bytes("a\n1\n300"), { dtypes: { a: "uint8" } })).rejects.toThrow(/no uint8, line 3/);
    await expect(readCsv(bytes("a\n1"), { columns: ["b"] })).rejects.toThrow(/no column "b"/);
    await expect(readCsv(join(folder, "none.csv"))).rejects.toThrow(/no such file/);
    await expect(Dataset.fromCsv(csv, { features: "matrix" }).toArray()).rejects.toThrow(/holds texts/);
    expect(() => Dataset.fromCsv(csv, { labelname: "age" } as never)).toThrow(/labelName/);
  });
});

describe("Parquet files", () => {
  it("give columns by the types they name", async () => {
    expect(await contents(await readParquet(parquet))).toEqual({
      id: ["int32", [1, 2, 3]],
      big: ["float64", [1, 2, 30000000000]],
      x: ["float32", [0.5, NaN, 2.5]],
      name: ["string", ["a", "b", ""]],
      ok: ["bool", [true, false, true]],
      when: ["float64", [0, 1000, 2000]],
    });
    expect(await contents(await readParquet(parquet, { columns: ["x", "id"], rowStart: 1 }))).toEqual({ x: ["float32", [NaN, 2.5]], id: ["int32", [2, 3]] }); // prettier-ignore
  });

  it("are rows for a data set", async () => {
    const rows = (await Dataset.fromParquet(parquet, { columns: ["id", "ok"], labelName: "ok" }).toArray()) as (readonly unknown[])[];
    expect(
      await Promise.all(rows.map(async ([x, y]) => [await (x as Record<string, Tensor>).id!.item(), await (y as Tensor).item()])),
    ).toEqual([
      [1, 1],
      [2, 0],
      [3, 1],
    ]);
  });

  it("are refused where they are broken, whatever byte it is", async () => {
    await expect(readParquet(parquet, { columns: ["none"] })).rejects.toThrow(/no column "none"/);
    await expect(readParquet(bytes("PAR1 nothing"))).rejects.toThrow(errors.NablaError);
    for (let i = 0; i < 150; i++) {
      const broken = parquet.slice(0, i % 3 === 0 ? (i * 7919) % parquet.length : parquet.length);
      if (broken.length > 0) broken[(i * 104729) % broken.length]! ^= 1 << (i & 7);
      await readParquet(broken).catch((error: unknown) => expect(error).toBeInstanceOf(errors.NablaError));
    }
  });
});
