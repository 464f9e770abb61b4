import type { Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { functionName } from "../schema/function-set.ts";

/** `live` and `behind` are of inline projections, `following` of async ones. See `07-projections.sql`. */
export type RegistryState = "live" | "behind" | "following" | "paused" | "inactive";

/** What the database knows of a projection. */
export interface RegisteredProjection {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly state: RegistryState;
  /** Of the versions of a name one serves: the collection shows its documents. */
  readonly serving: boolean;
  /** The collection, where it holds documents. */
  readonly collection: string | null;
  /** Which events, as it was defined. */
  readonly filter: unknown;
  /** Null: hard. */
  readonly deletes: "soft" | null;
}

/** The registry at one moment. */
export interface Registry {
  readonly epoch: number;
  readonly projections: readonly RegisteredProjection[];
}

/** $1 name, $2 version, $3 the new state, $4 the only one that it may have had, or null. */
export function changeProjectionStatement(schema: string): Statement {
  return { name: "tidemark_change_projection", text: `select ${functionName(schema, "change_projection")}($1, $2, $3, $4) as before` };
}

export function registryStatement(schema: string): Statement {
  const at = quoteIdentifier(schema);
  return {
    name: "tidemark_projection_registry",
    text: `
select e.epoch::text as epoch,
       (
         select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                  'name', p.name, 'version', p.version, 'mode', p.mode, 'state', p.state, 'serving', p.serving,
                  'collection', p.definition operator(pg_catalog.->>) 'collection',
                  'filter', p.definition operator(pg_catalog.->) 'filter',
                  'deletes', p.definition operator(pg_catalog.->>) 'deletes'
                ) order by p.name, p.version), '[]')
           from ${at}.projections as p
       )::text as projections
  from ${at}.projection_epoch as e
 where e.only_row`,
  };
}

export async function readRegistry(queryable: Queryable, statement: Statement): Promise<Registry> {
  const [row] = await queryable.query(statement, []);
  return { epoch: toSafeInteger(row?.["epoch"]), projections: JSON.parse(row?.["projections"] ?? "[]") };
}
