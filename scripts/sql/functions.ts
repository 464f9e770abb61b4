import { basename, join } from "node:path";
import { withCodes } from "../../packages/tidemark/src/schema/codes.ts";
import { readText, sortedNames } from "./sorted-files.ts";

export interface FunctionFile {
  /** As in SQL: `hold_floor` of `hold-floor.sql`. */
  readonly name: string;
  readonly text: string;
}

/** The functions of a folder, one a file, each file named after what it creates. Names of codes are numbers here. */
export async function readFunctions(folder: string): Promise<readonly FunctionFile[]> {
  const files = await sortedNames(folder, /^[a-z0-9]+(-[a-z0-9]+)*\.sql$/);
  return Promise.all(
    files.map(async (file) => {
      const name = basename(file, ".sql").replaceAll("-", "_");
      const text = withCodes(`${(await readText(join(folder, file))).trimEnd()}\n`);
      const created = [...text.matchAll(/^create (?:or replace )?function :"schema"\.(\w+)/gm)].map(([, found]) => found);
      if (created.length !== 1 || created[0] !== name) {
        throw new Error(`${join(folder, file)} must create the function ${name} and no other; it creates ${created.join(", ") || "none"}.`);
      }
      return { name, text };
    }),
  );
}

/**
 * The same functions, each after those it calls, and otherwise by name.
 *
 * @throws Error — some call each other in a circle. One of them could not be created: a body that is parsed when it is created needs
 * what it calls.
 */
export function inOrderOfCalls(functions: readonly FunctionFile[]): readonly FunctionFile[] {
  const byName = new Map(functions.map((one) => [one.name, one]));
  const ordered = new Set<FunctionFile>();
  const visit = (one: FunctionFile, path: readonly string[]): void => {
    if (ordered.has(one)) return;
    if (path.includes(one.name)) throw new Error(`Functions call each other in a circle: ${[...path, one.name].join(" → ")}.`);
    for (const called of callsOf(one, byName)) visit(called, [...path, one.name]);
    ordered.add(one);
  };
  for (const one of functions) visit(one, []);
  return [...ordered];
}

function callsOf({ name, text }: FunctionFile, byName: ReadonlyMap<string, FunctionFile>): readonly FunctionFile[] {
  const named = [...text.matchAll(/:"schema"\.(\w+)\(/g)].flatMap(([, found]) => (found === undefined || found === name ? [] : [found]));
  return [...new Set(named)].sort().flatMap((found) => byName.get(found) ?? []);
}
