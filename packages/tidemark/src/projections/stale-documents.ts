import type { StaleDocuments } from "../arguments/stale-documents.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { ProjectionStoppedError } from "../errors/projections.ts";
import { StaleDocumentsError, type StaleReason } from "../errors/read-models.ts";
import type { Logger } from "../model/logger.ts";
import { functionName } from "../schema/function-set.ts";
import { followerOf } from "./defined-projection.ts";

/** Whose documents are read: of a projection's version, or of the one that a collection shows. */
export type DocumentOwner = { readonly name: string; readonly version: number } | { readonly collection: string };

/** So long documents count as what they were seen to be. A reading is not asked about each time. */
const knownMs = 1_000;
/** How often the same is warned of. */
const warnedMs = 60_000;

interface Row {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly reason: "paused" | "inactive" | "stopped" | "building" | "behind" | "unfollowed" | null;
  readonly details: Details | null;
}

/** What a follower tells at its heartbeats. */
interface Details {
  readonly error?: { readonly message: string };
  readonly event?: { readonly position: number; readonly id: string; readonly streamId: string };
}

/** Looks before readings of documents whether they may lack events, for all readers of one store. */
export class StaleDocumentsCheck {
  readonly #logger: Logger;
  readonly #statement: Statement;
  /** Until when documents count as up to date, or were warned of. */
  readonly #known = new Map<string, number>();
  readonly #warned = new Map<string, number>();

  constructor(schema: string, logger: Logger) {
    this.#logger = logger;
    const text = `select pg_catalog.to_json(p)::text as state from ${functionName(schema, "document_state")}($1, $2::integer, $3, $4) as p`;
    this.#statement = { name: "tidemark_document_state", text };
  }

  /**
   * Undefined: nothing to ask, at least for now. Documents that were seen to be up to date count as that for a second, so that a
   * reading seldom costs a statement more.
   *
   * @param choice - Undefined: the default, see `StaleDocuments`.
   * @throws {@link ProjectionStoppedError}
   * @throws {@link StaleDocumentsError}
   */
  check(queryable: Pick<Queryable, "query">, owner: DocumentOwner, tenant: string, choice: StaleDocuments | undefined): Promise<void> | undefined {
    if (choice === "allow") return undefined;
    const key = `${"name" in owner ? followerOf(owner) : owner.collection}\u001f${tenant}\u001f${choice}`;
    return (this.#known.get(key) ?? 0) > performance.now() ? undefined : this.#ask(queryable, owner, { tenant, choice, key });
  }

  async #ask(
    queryable: Pick<Queryable, "query">,
    owner: DocumentOwner,
    { tenant, choice, key }: { readonly tenant: string; readonly choice: StaleDocuments | undefined; readonly key: string },
  ): Promise<void> {
    const values = "name" in owner ? [owner.name, owner.version, null, tenant] : [null, null, owner.collection, tenant];
    const [row] = await queryable.query(this.#statement, values);
    const state: Row | null = JSON.parse(row?.["state"] ?? "null");
    if (state?.reason != null && (choice ?? defaultOf(state)) === "error") throw errorOf(state);
    this.#known.set(key, performance.now() + knownMs);
    if (state?.reason != null) this.#warn(errorOf(state), key);
  }

  #warn({ message }: Error, key: string): void {
    if ((this.#warned.get(key) ?? 0) > performance.now()) return;
    this.#warned.set(key, performance.now() + warnedMs);
    this.#logger.warn(`tidemark: ${message}`);
  }
}

/** Where documents lack a whole part of the log that appends have passed, they look like the truth and are not. */
function defaultOf({ reason, mode }: Row): "error" | "warn" {
  return reason === "building" || (reason === "stopped" && mode === "inline") ? "error" : "warn";
}

function errorOf({ reason, details, ...projection }: Row): ProjectionStoppedError | StaleDocumentsError {
  if (reason === "stopped" && details?.event) return new ProjectionStoppedError(projection, details.event, details.error?.message ?? "it is not known why");
  return new StaleDocumentsError(projection, reasons[reason ?? "behind"]);
}

const reasons: Readonly<Record<NonNullable<Row["reason"]>, StaleReason>> = {
  paused: "paused",
  inactive: "inactive",
  stopped: "behind",
  building: "building",
  behind: "behind",
  unfollowed: "unfollowed",
};
