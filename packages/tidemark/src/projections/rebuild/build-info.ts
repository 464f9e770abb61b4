import { functionName } from "../../schema/function-set.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { quoteLiteral } from "../../schema/render.ts";
import type { ProjectionDependent } from "./carry-over.ts";

/**
 * How the build of a projection's version goes.
 *
 * @example
 * ```ts
 * const { build } = await store.projections.get("cart-summary");
 * const info: BuildInfo | undefined = build;
 * if (info) console.debug(info.state, info.events, info.total, info.remainingMs);
 * ```
 */
export interface BuildInfo {
  /**
   * `"building"`: it is made from the log. `"checking"`: it is compared with the log. `"ready"`: it may serve, once it is up to date.
   * `"failed"`: the comparison found a difference.
   */
  readonly state: "building" | "checking" | "ready" | "failed";
  /** `"auto"`: it serves as soon as it can. `"manual"`: it waits for `store.projections.swap`. */
  readonly swap: "auto" | "manual";
  /** Events of the log that it has behind it, and all that there are now: positions, so that gaps count too. */
  readonly events: number;
  readonly total: number;
  /** Events a second, since it began. */
  readonly perSecond: number;
  /** Milliseconds to go at that rate; undefined before the first events, and once it is built. */
  readonly remainingMs: number | undefined;
  /** In how many parts the log is folded: as `rebuild` was told, or 1 where that cannot be. */
  readonly parallel: number;
  /** How many documents it wrote, where that is counted. */
  readonly documents: number;
  readonly startedAt: Date;
  readonly builtAt: Date | undefined;
  /** What the check found. */
  readonly error: unknown;
  /** What hangs on the table of the version that serves, and cannot be carried over: it keeps this one from serving by itself. */
  readonly dependents: readonly ProjectionDependent[];
}

/** A row of `projection_builds`. */
export interface BuildRow {
  readonly state: BuildInfo["state"];
  readonly swap: BuildInfo["swap"];
  readonly startedAfter: number;
  readonly target: number;
  /** Where it was when it last told. */
  readonly reached: number | null;
  readonly parts: number;
  readonly documents: number;
  readonly startedAt: number;
  readonly builtAt: number | null;
  /** Milliseconds since it began. */
  readonly elapsedMs: number;
  readonly error: unknown;
  readonly dependents: readonly ProjectionDependent[] | null;
}

/** The build of `p` for the tenant `$1`; null where there is none. */
export function buildSql(schema: string): string {
  const at = quoteIdentifier(schema);
  // A projection of SQL has no table: an identifier cannot be null.
  const table = (version: string): string =>
    `pg_catalog.to_regclass(${quoteLiteral(quoteIdentifier(schema))} operator(pg_catalog.||) '.' operator(pg_catalog.||) pg_catalog.quote_ident(${version}.definition operator(pg_catalog.->>) 'collection' operator(pg_catalog.||) '__v' operator(pg_catalog.||) ${version}.version::text))`;
  const milliseconds = (column: string): string => `pg_catalog.floor(extract(epoch from ${column}) * 1000::numeric)::bigint`;
  return `(
           select pg_catalog.jsonb_build_object(
                    'state', b.state, 'swap', b.swap, 'startedAfter', b.started_after, 'target', b.target, 'reached', b.reached,
                    'parts', b.parts, 'documents', b.documents, 'error', b.error, 'startedAt', ${milliseconds("b.started_at")}, 'builtAt', ${milliseconds("b.built_at")},
                    'elapsedMs', ${milliseconds("coalesce(b.built_at, pg_catalog.clock_timestamp()) - b.started_at")},
                    'dependents', (
                      select ${functionName(schema, "table_dependents")}(${table("s")}, ${table("p")})
                        from ${at}.projections as s
                       where not p.serving and s.name = p.name and s.serving
                    )
                  )
             from ${at}.projection_builds as b
            where b.name = p.name and b.version = p.version and b.tenant = case p.mode when 'inline' then '' else $1 end
         )`;
}

/** @param place - Where the version is, of several parts in the mean, and the end of the log. */
export function buildInfo(row: BuildRow, { position, mark }: { readonly position: number; readonly mark: number }): BuildInfo {
  const { state, swap, startedAfter, target, reached, parts, documents, elapsedMs } = row;
  const at = Math.max(position, reached ?? 0, startedAfter);
  const total = Math.max(mark, target, at);
  const perSecond = (1_000 * ((row.builtAt === null ? at : target) - startedAfter)) / Math.max(1, elapsedMs);
  return {
    state,
    swap,
    events: at - startedAfter,
    total: total - startedAfter,
    perSecond: Math.max(0, Math.round(perSecond)),
    remainingMs: row.builtAt !== null || perSecond <= 0 ? undefined : Math.round((1_000 * (total - at)) / perSecond),
    parallel: parts,
    documents,
    startedAt: new Date(row.startedAt),
    builtAt: row.builtAt === null ? undefined : new Date(row.builtAt),
    error: row.error ?? undefined,
    dependents: row.dependents ?? [],
  };
}
