// Leaves out declarations of fields that the constructor sets anyway.
import ts from "typescript";
import { without } from "./without.mjs";

/** Fields of functions, which only a declaration makes writable: objects that are called are functions. */
const ofFunctions = new Set(["name", "length"]);

/** `text` of a module without `field;` in classes whose constructor has the statement `this.field = ...`, which makes it. */
export function dropFields(text, fileName) {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const cuts = [];
  const visit = (node) => {
    if (ts.isClassLike(node)) {
      const maker = node.members.find((member) => ts.isConstructorDeclaration(member));
      const set = new Set(maker?.body.statements.map((statement) => /^this\.(\w+) = /.exec(statement.getText(file))?.[1]));
      for (const member of node.members) {
        const isBare = ts.isPropertyDeclaration(member) && member.initializer === undefined && member.modifiers === undefined;
        if (isBare && ts.isIdentifier(member.name) && set.has(member.name.text) && !ofFunctions.has(member.name.text)) {
          cuts.push([member.getFullStart(), member.end]);
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return without(text, cuts);
}
