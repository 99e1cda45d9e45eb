// Leaves out of built primitives what only tests read: samples, and the points that they are made from.
import ts from "typescript";
import { without } from "./without.mjs";

const sampleProperties = new Set(["samples", "points", "corners", "integers", "booleans"]);

/** `text` of a module of src/primitives or src/graph without the properties of object literals that make samples. */
export function dropSamples(text, fileName) {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const cuts = [];
  const visit = (node) => {
    if (ts.isObjectLiteralElement(node) && node.name !== undefined && sampleProperties.has(node.name.getText(file))) {
      const comma = /^\s*,/.exec(text.slice(node.end));
      cuts.push([node.getFullStart(), node.end + (comma === null ? 0 : comma[0].length)]);
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return without(text, cuts);
}
