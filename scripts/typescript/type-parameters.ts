import ts from "typescript-5";

/** Functions and methods that modules export, by name, with the most type parameters that a call can give each. Those without any are left out. */
export function typeParametersOf(entries: readonly string[], host?: ts.CompilerHost): ReadonlyMap<string, number> {
  const options: ts.CompilerOptions = { module: ts.ModuleKind.NodeNext, noEmit: true, noLib: true, types: [], allowImportingTsExtensions: true };
  const program = ts.createProgram(entries, options, host);
  const checker = program.getTypeChecker();
  const found = new Map<string, number>();
  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const symbol = source && checker.getSymbolAtLocation(source);
    for (const one of symbol ? checker.getExportsOfModule(symbol) : []) {
      const target = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
      for (const declaration of target.declarations ?? []) for (const [name, count] of countsOf(one.name, declaration, target)) note(name, count);
    }
  }
  return found;

  function note(name: string, count: number): void {
    if (count > 0) found.set(name, Math.max(count, found.get(name) ?? 0));
  }
}

function countsOf(name: string, declaration: ts.Declaration, symbol: ts.Symbol): readonly (readonly [string, number])[] {
  if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration))
    return declaration.members.flatMap((member) => (member.name ? [[`${name}.${member.name.getText()}`, countOf(member)] as const] : []));
  // Of a function with overloads nobody can call the last declaration, which has the body.
  const overloaded = (symbol.declarations ?? []).filter(ts.isFunctionDeclaration).length > 1;
  if (overloaded && ts.isFunctionDeclaration(declaration) && declaration.body) return [];
  return [[name, countOf(declaration)]];
}

function countOf(node: ts.Node): number {
  if (ts.isFunctionLike(node)) return node.typeParameters?.length ?? 0;
  if (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) return node.type ? countOf(node.type) : 0;
  if (ts.isVariableDeclaration(node)) return Math.max(node.initializer ? countOf(node.initializer) : 0, node.type ? countOf(node.type) : 0);
  return 0;
}
