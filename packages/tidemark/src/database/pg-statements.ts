import { createHash } from "node:crypto";
import { isTidemarkError } from "../errors/errors.ts";
import type { Statement, Value } from "./database.ts";
import type { Logger } from "../model/logger.ts";
import { type PgClient, textTypes } from "./pg-client.ts";
import type { PipelinedQuery } from "./pg-pipeline.ts";
import { textOf } from "./statement-text.ts";
import { serverAnswer } from "./sql-state.ts";
import { VaryingStatements } from "./varying-statements.ts";

/** How the library's statements are sent: prepared under a name for as long as the server keeps what it prepared. */
export interface Statements {
  query(statement: Statement, values: readonly Value[], client: PgClient): PipelinedQuery;
  /** Whether `error` says that a prepared statement was lost or outdated. From then on nothing is named. */
  lost(error: unknown): boolean;
}

export function createStatements(prepare: boolean, logger: Logger): Statements {
  let named = prepare;
  const names = new WeakMap<Statement, string>();
  const varying = new VaryingStatements();

  function nameOf(statement: Statement): string {
    let name = names.get(statement);
    if (name === undefined) {
      // A store in another schema has another text for the same name, and behind a pooler so may another program: without
      // the digest that text would run instead.
      const digest = createHash("sha256").update(textOf(statement, "uncast")).digest("hex").slice(0, 12);
      const sizeClass = statement.sizeClass === undefined ? "" : `_${statement.sizeClass}`;
      name = `${statement.name.slice(0, 46)}${sizeClass}_${digest}`;
      names.set(statement, name);
    }
    return name;
  }

  return {
    query(statement, values, client) {
      // A client that asks for binary results gets the bytes of an int8, unless the server casts it to text.
      if (client.binary === true) return { text: textOf(statement, "cast"), values, types: textTypes };
      // With `textTypes` every column is the text that the server sent.
      const query = { text: textOf(statement, "uncast"), values, types: textTypes };
      if (!named || statement.unprepared === true) return query;
      const name = nameOf(statement);
      return statement.varies !== true || varying.prepares(name, client) ? { ...query, name } : query;
    },
    lost(error) {
      if (!isLoss(error)) return false;
      if (named)
        logger.warn(
          "tidemark: the server lost a prepared statement (a transaction pooler, DISCARD ALL or a changed schema), so statements are no longer prepared. Open the store with prepare: false to start like that.",
        );
      named = false;
      return true;
    },
  };
}

/** All three come while the statement is bound, before any of it runs. */
function isLoss(error: unknown): boolean {
  if (!isTidemarkError(error, "DATABASE")) return false;
  const answer = serverAnswer(error.cause);
  if (answer?.sqlState === "26000" || answer?.sqlState === "42P05") return true;
  return answer?.sqlState === "0A000" && (answer.routine === "RevalidateCachedQuery" || answer.message.includes("cached plan"));
}
