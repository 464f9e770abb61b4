import type { Queryable, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { functionName } from "../../schema/function-set.ts";
import type { DefinedProjection } from "../defined-projection.ts";

/** What `projection_builds` says of one follower's build when it is taken up. */
export interface FoundBuild {
  readonly state: "building" | "checking" | "ready" | "failed";
  readonly sample: number | null;
  readonly eventsPerSecond: number | null;
  /** In how many parts it is to be built. */
  readonly parts: number;
  /** Where it was split while its table was empty; null: nowhere. */
  readonly splitAfter: number | null;
}

/** What is told of a build; what is left out stays. */
export interface BuildReport {
  readonly state?: FoundBuild["state"];
  /** How many more. */
  readonly events?: number;
  readonly documents?: number;
  readonly reached?: number;
  readonly error?: unknown;
}

/** The row of `projection_builds` of one follower, which folds in memory. */
export class BuildRow {
  readonly #find: Statement;
  readonly #report: Statement;
  readonly #key: readonly [string, number, string];

  constructor(schema: string, { name, version }: DefinedProjection, tenant: string) {
    this.#find = {
      name: "tidemark_find_build",
      text: `
select pg_catalog.json_build_object(
         'state', b.state, 'sample', b.sample, 'eventsPerSecond', b.events_per_second, 'parts', b.parts, 'splitAfter', b.split_after
       )::text as build
  from ${quoteIdentifier(schema)}.projection_builds as b
 where b.name = $1 and b.version = $2::integer and b.tenant = $3`,
    };
    this.#report = {
      name: "tidemark_report_build",
      text: `select ${functionName(schema, "report_build")}($1, $2::integer, $3, $4, 'fold', $5::bigint, $6::bigint, $7::bigint, $8::text::jsonb)::text as parts`,
    };
    this.#key = [name, version, tenant];
  }

  /** Undefined where it is not built beside a version that serves. */
  async find(queryable: Queryable): Promise<FoundBuild | undefined> {
    const [row] = await queryable.query(this.#find, this.#key);
    if (row?.["build"] == null) return undefined;
    const found: FoundBuild = JSON.parse(row["build"]);
    return found;
  }

  /** Returns in how many parts it is to be built, which may have changed. */
  async report(queryable: Queryable, { state, events, documents, reached, error }: BuildReport): Promise<number> {
    const told = error === undefined ? null : JSON.stringify(error);
    const [row] = await queryable.query(this.#report, [...this.#key, state ?? null, events ?? null, documents ?? null, reached ?? null, told]);
    return Number(row?.["parts"] ?? 1);
  }
}
