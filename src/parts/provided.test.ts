import { expect, it } from "vitest";
import { StateError } from "../errors.ts";
import { Provided } from "./provided.ts";

it("what is provided is there from then on, and before it an error says how to ask for it", () => {
  const tables = new Provided<(x: number) => number>("tables", "call registerTables()");
  expect(() => tables.get("print")).toThrow(StateError);
  expect(() => tables.get("print")).toThrow(/print: tables are not part of this program[\s\S]*registerTables\(\), or import from "nabla"/);
  tables.provide((x) => 2 * x);
  expect(tables.get("print")(3)).toBe(6);
});
