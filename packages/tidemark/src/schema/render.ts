import { quoteIdentifier } from "../database/identifier.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/**
 * Fills in the schema's name where a template leaves it open: `:"schema"` becomes the quoted name, `:regclass(events)` a
 * constant `'"schema"."events"'::regclass`, and `:regnamespace` a constant `'"schema"'::regnamespace`.
 *
 * @throws {@link InvalidArgumentError} — the name is no identifier, or holds `$tidemark$`, where function bodies end.
 */
export function renderSql(text: string, schema: string): string {
  const quoted = quoteIdentifier(schema);
  if (schema.includes("$tidemark$")) {
    throw new InvalidArgumentError("schema", `must not hold "$tidemark$", the mark at which the store's function bodies end; got ${JSON.stringify(schema)}.`);
  }
  // One pass: what a name brings in is not looked at again.
  return text.replaceAll(/:"schema"|:regclass\((\w+)\)|(?<!:):regnamespace\b/g, (place, table?: string) => {
    if (table !== undefined) return `${quoteLiteral(`${quoted}.${quoteIdentifier(table)}`)}::regclass`;
    return place === ":regnamespace" ? `${quoteLiteral(quoted)}::regnamespace` : quoted;
  });
}

/** Quotes a text constant. The E form reads a backslash alike whatever `standard_conforming_strings` is. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
