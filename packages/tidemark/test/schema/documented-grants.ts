import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";

const reference = await readFile(join(import.meta.dirname, "../../../../docs/reference/schema.md"), "utf8");

export interface Grant {
  /** `select`, or `update (state)`. */
  readonly privilege: string;
  /** With the schema of the store, quoted. */
  readonly object: string;
}

/** The grants of a block of the reference: one privilege each, on one column where it is on columns. */
export function documentedGrants(block: string, schema: string): readonly Grant[] {
  const [, text = ""] = new RegExp(`\`\`\`sql ${block}\n(.*?)\`\`\``, "s").exec(reference) ?? [];
  const grants = [...text.matchAll(/^grant (.+) on (.+) to app;$/gm)].flatMap(([, privileges = "", object = ""]) =>
    privileges.split(/, (?![^(]*\))/).flatMap((privilege) => {
      const [, verb, columns] = /^(\w+) \((.*)\)$/.exec(privilege) ?? [];
      const each = columns === undefined ? [privilege] : columns.split(", ").map((column) => `${verb} (${column})`);
      return each.map((one) => ({ privilege: one, object: object.replace("tidemark", () => pg.escapeIdentifier(schema)) }));
    }),
  );
  if (grants.length < 4) throw new Error(`The reference has no block "sql ${block}".`);
  return grants;
}
