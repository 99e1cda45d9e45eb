// Leaves out of built primitives what only tests read: samples, and the points that they are made from.
import ts from "typescript";

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
  let out = "";
  let from = 0;
  for (const [start, end] of cuts) {
    out += text.slice(from, start);
    from = end;
  }
  return out + text.slice(from);
}
