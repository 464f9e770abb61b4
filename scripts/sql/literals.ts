import ts from "typescript-5";

/** A string or a template of a program, with `${}` where a template has a value. */
export interface Literal {
  readonly text: string;
  readonly line: number;
}

/** Every string and template of a TypeScript source, comments left out. */
export function literalsOf(source: string): readonly Literal[] {
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true);
  const literals: Literal[] = [];
  const visit = (node: ts.Node): void => {
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    if (ts.isStringLiteralLike(node) && !ts.isImportDeclaration(node.parent)) literals.push({ text: node.text, line });
    if (ts.isTemplateExpression(node)) {
      literals.push({ text: [node.head, ...node.templateSpans.map((span) => span.literal)].map(({ text }) => text).join("${}"), line });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return literals;
}
