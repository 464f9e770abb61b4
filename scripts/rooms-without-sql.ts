import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./run.ts";
import { literalsOf } from "./sql/literals.ts";

/**
 * Rooms of the library that send no statement of their own, as patterns of files without their ending: what they ask of the database, `append`, `read`
 * and `feed` ask, whose tests run on the oldest PostgreSQL too. Their own tests run on the newest one.
 */
export const roomsWithoutSql = [
  "arguments/**/*",
  "async/**/*",
  "catalogue/**/*",
  // Not its snapshots.
  "commands/*",
  "counters/**/*",
  "errors/**/*",
  "http/**/*",
  "opentelemetry/**/*",
  "prometheus/**/*",
  "tracing/**/*",
] as const;

/** Strings of the files of a room that begin like a statement, each behind its file. */
export function statementsIn(files: string): readonly string[] {
  const source = inRoot("packages/tidemark/src");
  return globSync(`${files}.ts`, { cwd: source }).flatMap((file) => statementsOf(readFileSync(join(source, file), "utf8")).map((text) => `${file}: ${text}`));
}

/** Strings of a module that begin like a statement, which is in lower case here. */
export function statementsOf(source: string): readonly string[] {
  const beginning = /^\s*(?:select|insert into|update|delete from|with|lock|set|create|alter|drop|listen|notify|begin|commit|rollback|savepoint|copy)\s/;
  return literalsOf(source)
    .map(({ text }) => text)
    .filter((text) => beginning.test(text));
}
