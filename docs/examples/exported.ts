import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A name that an entry point exports, and the `@example` of its docstring. */
export interface Exported {
  readonly name: string;
  readonly file: string;
  /** TypeScript; undefined where the docstring has no example. */
  readonly example: string | undefined;
}

/** All exports of an entry point that re-exports by name. A second name of an export is none of its own. */
export async function exportsOf(entry: string): Promise<readonly Exported[]> {
  const text = await readFile(entry, "utf8");
  const found: Exported[] = [];
  for (const [, names = "", path = ""] of text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";$/gm)) {
    const file = join(dirname(entry), path);
    const source = await readFile(file, "utf8");
    for (const listed of names.split(",").map((name) => name.trim().replace(/^type /, ""))) {
      const [name = "", alias] = listed.split(" as ");
      if (name !== "" && alias === undefined) found.push({ name, file, example: exampleOf(docstringOf(source, name)) });
    }
  }
  // An entry point of one feature declares what it exports.
  for (const [, name = ""] of text.matchAll(/^export (?:async )?(?:function|class|interface|type|const) (\w+)/gm))
    found.push({ name, file: entry, example: exampleOf(docstringOf(text, name)) });
  return found;
}

/** The docstring above a declaration; "" where there is none. */
export function docstringOf(source: string, name: string): string {
  const declaration = new RegExp(String.raw`^export (?:declare )?(?:abstract )?(?:async )?(?:function|class|interface|type|const) ${name}\b`, "m");
  const at = source.search(declaration);
  if (at === -1) throw new Error(`${name} is declared nowhere in its file`);
  // A directive of the linter may stand between the two.
  const above = source.slice(0, at).replace(/(?:^\/\/ .*\n)+$/m, "");
  const [docstring = ""] = /\/\*\*(?:(?!\*\/)[^])*\*\/\n$/.exec(above) ?? [];
  return docstring;
}

function exampleOf(docstring: string): string | undefined {
  const [, block] = /^ \* @example\n \* ```ts\n((?: \*.*\n)*?) \* ```$/m.exec(docstring) ?? [];
  return block?.replaceAll(/^ \* ?/gm, "");
}
