// Marks the calls that initialise constants of modules as pure, so that bundlers drop those whose constant nobody uses.
import ts from "typescript";

/**
 * `text` with `/* @__PURE__ *\/` before every call and `new` in the initialisers of its top-level constants, those inside
 * functions excepted. Right for modules that package.json lists as free of side effects, and only for those.
 */
export function annotatePure(text, fileName) {
  const kind = fileName.endsWith(".ts") ? ts.ScriptKind.TS : ts.ScriptKind.JS;
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true, kind);
  const places = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      // In a chain the mark belongs to the whole: what is called inside it is visited on its own only where it is an argument.
      places.push(node.getStart(file));
      node.arguments?.forEach(visit);
      return;
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { initializer } of statement.declarationList.declarations) if (initializer !== undefined) visit(initializer);
  }

  let out = "";
  let from = 0;
  for (const at of [...new Set(places)].sort((a, b) => a - b)) {
    if (/@__PURE__ \*\/\s*$/.test(text.slice(Math.max(0, at - 24), at))) continue;
    out += text.slice(from, at) + "/* @__PURE__ */ ";
    from = at;
  }
  return out + text.slice(from);
}
