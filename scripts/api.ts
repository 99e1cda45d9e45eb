/**
 * Prints the public API: every name of every entry in package.json's exports with its declarations, one file per entry.
 * Types of exports are written out in the source (isolatedDeclarations), so this needs no type checker.
 *
 *   npm run api
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "api");

/** A module's declarations, without bodies and comments, and what it imports and exports. */
interface Declarations {
  readonly statements: readonly ts.Statement[];
  readonly file: ts.SourceFile;
}

/** Where a name leads: statements that declare it, or a whole module. */
type Meaning =
  { readonly statements: readonly ts.Statement[]; readonly name: string; readonly path: string } | { readonly namespace: string };

const printer = ts.createPrinter({ removeComments: true });
const modules = new Map<string, Declarations>();

function declarationsOf(path: string): Declarations {
  let found = modules.get(path);
  if (found === undefined) {
    const { outputText } = ts.transpileDeclaration(readFileSync(path, "utf8"), {
      fileName: path,
      compilerOptions: { target: ts.ScriptTarget.ES2022, isolatedDeclarations: true, removeComments: true, stripInternal: false },
    });
    const file = ts.createSourceFile(path, outputText, ts.ScriptTarget.ES2022, true);
    found = { statements: [...file.statements], file };
    modules.set(path, found);
  }
  return found;
}

function target(path: string, specifier: ts.Expression): string {
  const text = (specifier as ts.StringLiteral).text;
  return text.startsWith(".") ? resolve(dirname(path), text) : text;
}

/** Names that a module exports, in the order of the file. */
function exportsOf(path: string): ReadonlyMap<string, Meaning> {
  const found = new Map<string, Meaning>();
  for (const statement of declarationsOf(path).statements) {
    if (ts.isExportDeclaration(statement)) {
      const from = statement.moduleSpecifier === undefined ? undefined : target(path, statement.moduleSpecifier);
      if (statement.exportClause === undefined) throw new Error(`${relative(root, path)}: \`export *\` without a name`);
      if (ts.isNamespaceExport(statement.exportClause)) {
        found.set(statement.exportClause.name.text, { namespace: from! });
        continue;
      }
      for (const { name, propertyName } of statement.exportClause.elements) {
        const inner = (propertyName ?? name).text;
        found.set(name.text, from === undefined ? local(path, inner) : follow(from, inner));
      }
    } else {
      for (const name of declaredNames(statement)) if (isExported(statement)) found.set(name, local(path, name));
    }
  }
  return found;
}

function follow(path: string, name: string): Meaning {
  const meaning = exportsOf(path).get(name);
  if (meaning === undefined) throw new Error(`${relative(root, path)} does not export ${name}`);
  return meaning;
}

/** What a name means inside a module: its own declarations, or what it imports under that name. */
function local(path: string, name: string): Meaning {
  const { statements } = declarationsOf(path);
  const own = statements.filter((statement) => declaredNames(statement).includes(name));
  if (own.length > 0) return { statements: own, name, path };
  for (const statement of statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined) continue;
    const from = target(path, statement.moduleSpecifier);
    if (ts.isNamespaceImport(bindings)) {
      if (bindings.name.text === name) return { namespace: from };
    } else {
      const element = bindings.elements.find((candidate) => candidate.name.text === name);
      if (element !== undefined) return follow(from, (element.propertyName ?? element.name).text);
    }
  }
  throw new Error(`${relative(root, path)} does not declare ${name}`);
}

function declaredNames(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}

function isExported(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

/** A declaration as text: no comments, no private members, one name of a `const` at a time. */
function print(statement: ts.Statement, name: string): string {
  const file = statement.getSourceFile();
  const text = (node: ts.Node): string =>
    printer.printNode(ts.EmitHint.Unspecified, node, file).replace(/^export (declare )?|^declare /, "");
  if (ts.isVariableStatement(statement)) {
    const declaration = statement.declarationList.declarations.find((candidate) => candidate.name.getText() === name)!;
    return `const ${text(declaration)};`;
  }
  if (!ts.isClassDeclaration(statement)) return text(statement);
  const isPrivate = (member: ts.ClassElement): boolean =>
    (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
    (ts.canHaveModifiers(member) && (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword));
  const { factory } = ts;
  const members = statement.members.filter((member) => !isPrivate(member));
  return text(
    factory.updateClassDeclaration(
      statement,
      statement.modifiers,
      statement.name,
      statement.typeParameters,
      statement.heritageClauses,
      members,
    ),
  );
}

/** Members that other modules add to a class or interface of `path` (`declare module`), by the module's path. */
function augmentations(): ReadonlyMap<string, readonly ts.Statement[]> {
  const found = new Map<string, ts.Statement[]>();
  for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).sort()) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const path = join(root, "src", name);
    if (!/^declare module /m.test(readFileSync(path, "utf8"))) continue;
    for (const statement of declarationsOf(path).statements) {
      if (!ts.isModuleDeclaration(statement) || statement.body === undefined || !ts.isModuleBlock(statement.body)) continue;
      const augmented = target(path, statement.name);
      found.set(augmented, [...(found.get(augmented) ?? []), ...statement.body.statements]);
    }
  }
  return found;
}

/** Text of every API file, by file name. */
export function publicApi(): ReadonlyMap<string, string> {
  const { exports: entries } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, { source: string } | string>;
  };
  const added = augmentations();
  const sources = new Map<string, string>();
  for (const [subpath, conditions] of Object.entries(entries)) {
    if (typeof conditions === "object") sources.set(join(root, conditions.source), `nabla${subpath.slice(1)}`);
  }
  const files = new Map<string, string>();
  const printEntry = (title: string, path: string): void => {
    const lines: string[] = [];
    const inner: (readonly [string, string])[] = [];
    const names = exportsOf(path);
    for (const name of [...names.keys()].sort()) {
      const meaning = names.get(name)!;
      if ("namespace" in meaning) {
        const entry = sources.get(meaning.namespace);
        if (entry === undefined) inner.push([`${title}.${name}`, meaning.namespace]);
        lines.push(`namespace ${name}: ${entry ?? `${title}.${name}`}`);
        continue;
      }
      const extra = (added.get(meaning.path) ?? []).filter((statement) => declaredNames(statement).includes(meaning.name));
      const declared = [...meaning.statements, ...extra].map((statement) => print(statement, meaning.name)).join("\n");
      lines.push(name === meaning.name ? declared : `${name} = ${declared}`);
    }
    files.set(`${title.replaceAll("/", "-")}.txt`, `${title}\n\n${lines.join("\n")}\n`);
    for (const [innerTitle, innerPath] of inner) printEntry(innerTitle, innerPath);
  };
  for (const [path, title] of sources) printEntry(title, path);
  return files;
}

/** The files as they stand in api/, by file name. */
export function recordedApi(): ReadonlyMap<string, string> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const files = publicApi();
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  console.log(`api/: ${files.size} files`);
}
