import { numbers } from "../append/batch.ts";
import type { Database, Statement } from "../database/database.ts";
import { nullableListSql } from "../database/nullable-list.ts";
import { importedVerdicts } from "../schema/codes.ts";
import { functionName } from "../schema/function-set.ts";
import { type BatchValues, lookUpValues } from "./import-batch.ts";
import type { ImportEvent } from "./import-event.ts";
import type { BadLine } from "./transfer-error.ts";

/** Events of a file, by what the log knows of their ids. */
export interface LookedUp {
  readonly fresh: ImportEvent[];
  /** Were in the log already, as they are in the file. */
  readonly found: ImportEvent[];
  readonly bad: BadLine[];
}

const timeoutMs = 120_000;

const differences: Readonly<Record<number, string>> = {
  [importedVerdicts.otherStream]: "in another stream",
  [importedVerdicts.otherType]: "with another type",
  [importedVerdicts.otherData]: "with other data",
  [importedVerdicts.otherTags]: "with other tags",
  [importedVerdicts.otherPosition]: "at another position",
};

/** Compares events of a file with those in the log that have their ids. */
export class ImportedEvents {
  readonly #database: Database;
  readonly #find: Statement;
  readonly #stopAtBad: boolean;

  constructor(database: Database, schema: string, stopAtBad: boolean) {
    this.#database = database;
    this.#stopAtBad = stopAtBad;
    this.#find = {
      name: "tidemark_imported_events",
      text: `select ${functionName(schema, "imported_events")}($1, $2, $3, $4, $5, $6, $7, $8, $9, ${nullableListSql("$10", "bigint")})::text as verdicts`,
    };
  }

  /** @param positions - Those of the file where they are to be kept, else null. */
  async lookUp(events: readonly ImportEvent[], encoded: BatchValues, positions: string | null): Promise<LookedUp> {
    const [row] = await this.#database.query(this.#find, lookUpValues(encoded, positions), { timeoutMs });
    const verdicts = numbers(row?.["verdicts"]);
    const looked: LookedUp = { fresh: [], found: [], bad: [] };
    for (const [index, event] of events.entries()) {
      const difference = differences[verdicts[index] ?? 0];
      if (difference !== undefined) {
        looked.bad.push({ line: event.line, reason: `event ${event.id} exists already, ${difference}`, text: event.text });
        if (this.#stopAtBad) break;
      } else if (verdicts[index] === importedVerdicts.present) looked.found.push(event);
      else looked.fresh.push(event);
    }
    return looked;
  }
}
