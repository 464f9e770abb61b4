import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A bug that others had, put into our code. The file is a patch whose head says what it is. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** One sentence. */
  readonly bug: string;
  /** Who had it, or where it is described. */
  readonly source: string;
  /** The invariants of which one must break. */
  readonly breaks: readonly string[];
  /** Arguments of the torture program that finds it. */
  readonly hunt: readonly string[];
}

export function readMutants(folder: string): Mutant[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".patch"))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      const head = readFileSync(file, "utf8").split("\ndiff --git ")[0] ?? "";
      const field = (title: string): string => {
        const found = new RegExp(`^${title}: (.*)$`, "m").exec(head)?.[1];
        if (found === undefined) throw new Error(`${name} needs a line "${title}: …" before its patch.`);
        return found;
      };
      return {
        name: name.replace(".patch", ""),
        file,
        bug: field("Bug"),
        source: field("Source"),
        breaks: field("Breaks").split(", "),
        hunt: argumentsOf(field("Hunt")),
      };
    });
}

/** Words, of which those in quotes may hold spaces. */
function argumentsOf(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
}
