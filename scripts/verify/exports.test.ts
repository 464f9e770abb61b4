import { readFile } from "node:fs/promises";
import ts from "typescript-5";
import { expect, test } from "vitest";
import { inRoot } from "../run.ts";

/** `"."`, `"./testing"` … with the declarations of each. */
async function entryPoints(): Promise<Map<string, string>> {
  const { exports }: { exports: Record<string, string | { types: string }> } = JSON.parse(await readFile(inRoot("packages/tidemark/package.json"), "utf8"));
  const withTypes = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === "string" ? [] : [[name, inRoot("packages/tidemark", target.types)] as const],
  );
  return new Map(withTypes);
}

test("what the package exports is what was decided", async () => {
  const entries = await entryPoints();
  const program = ts.createProgram([...entries.values()], { module: ts.ModuleKind.NodeNext, noEmit: true });
  const checker = program.getTypeChecker();
  const names = [...entries].map(([name, file]) => {
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    if (symbol === undefined) throw new Error(`${file} exports nothing.`);
    const exported = checker.getExportsOfModule(symbol).map((one) => {
      const target = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
      return `${target.flags & ts.SymbolFlags.Value ? "value" : "type"} ${one.name}`;
    });
    return [name, exported.toSorted()];
  });
  expect(Object.fromEntries(names)).toMatchSnapshot();
});
