import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { ProcessStatements } from "./statements.ts";

/** A version of a process as the database has it. */
export interface RegisteredVersion {
  readonly version: number;
  /** It starts the instances whose first input comes up to this position. Infinity: it starts those of today. */
  readonly startsUntil: number;
  /** The least checkpoint of its shards. */
  readonly reached: number;
  /** Of `consumers`. */
  readonly follower: string;
  /** Whether a worker runs it, or is about to. */
  readonly isServed: boolean;
  /** Whether instances of it run, or commands of it are pending. Only of the lowest version with running instances. */
  readonly isOpen: boolean;
}

export async function readVersions(
  queryable: Queryable,
  { versions }: Pick<ProcessStatements, "versions">,
  tenant: string,
  process: string,
): Promise<readonly RegisteredVersion[]> {
  const rows = await queryable.query(versions, [tenant, process]);
  return rows.map((row) => ({
    version: toSafeInteger(row["version"]),
    startsUntil: row["starts_until"] == null ? Number.POSITIVE_INFINITY : toSafeInteger(row["starts_until"]),
    reached: toSafeInteger(row["reached"]),
    follower: row["follower"] ?? "",
    isServed: row["is_served"] === "true",
    isOpen: row["is_open"] === "true",
  }));
}

/** Whether it still starts instances of the past, before those of the next version. */
export function isBehind({ reached, startsUntil }: RegisteredVersion): boolean {
  return startsUntil !== Number.POSITIVE_INFINITY && reached < startsUntil;
}
