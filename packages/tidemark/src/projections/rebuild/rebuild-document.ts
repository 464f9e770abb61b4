import { retry } from "../../async/retry.ts";
import { sendInTurn } from "../../database/calls.ts";
import type { Session, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import type { StoredDocument } from "../../documents/collection-table.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import { NotFoundError } from "../../errors/following.ts";
import { StaleDocumentsError } from "../../errors/read-models.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";
import { functionName } from "../../schema/function-set.ts";
import { decoderOf, type DefinedDocumentProjection } from "../defined-projection.ts";
import { InlineDocuments } from "../inline-documents.ts";
import { writeOf } from "../document-set.ts";
import { writeFailure } from "../write-failure.ts";
import { DocumentRefold } from "./document-refold.ts";

/**
 * What `rebuildDocument` did.
 *
 * @example
 * ```ts
 * const rebuilt: RebuiltDocument = await store.projections.rebuildDocument("cart-summary", "cart-42");
 * if (rebuilt.changed) console.warn(`cart-42 was wrong; it is made of ${rebuilt.events} events`);
 * ```
 */
export interface RebuiltDocument {
  /** Whether what was stored was something else. If not, nothing was written. */
  readonly changed: boolean;
  /** The events that make the document. */
  readonly events: number;
  /** As it is now, without `_id` and `_version`; undefined where its events leave none. */
  readonly document: object | undefined;
}

export interface DocumentOf {
  readonly tenant: string;
  readonly id: string;
  readonly signal: AbortSignal | undefined;
}

/** Positions that are read while writers of the document wait; after so many tries, as many as there are. */
const mostWhileHeld = 20_000;
const mostTries = 5;
const patienceMs = 30_000;

class StillFar extends Error {}

/** Where the documents of a version are. */
interface Held {
  readonly live: boolean;
  /** Its follower's. 0 where no worker has ever followed it: then it has no documents either. */
  readonly position: number;
  /** Where its follower began, whatever the definition says by now. */
  readonly startedAfter: number;
}

/**
 * Folds the events of one document anew, and writes what comes of them. Almost all of the log is read before anything is locked. Then
 * the writers of the document are kept waiting while the last events are read: its follower, or, where appends write it, those that
 * change this document, by the locks that they take themselves. What they wrote before is read, and they go on from what is written here.
 */
export class DocumentRebuild {
  readonly #context: Pick<WorkerContext, "database" | "schema" | "feed" | "codec">;
  readonly #projection: DefinedDocumentProjection;
  readonly #of: DocumentOf;
  readonly #documents: InlineDocuments;
  readonly #hold: Statement;
  readonly #end: Statement;

  constructor(context: Pick<WorkerContext, "database" | "schema" | "feed" | "codec">, projection: DefinedDocumentProjection, of: DocumentOf) {
    const { schema } = context;
    this.#context = context;
    this.#projection = projection;
    this.#of = of;
    this.#documents = new InlineDocuments(schema, projection);
    this.#hold = {
      name: "tidemark_hold_documents",
      text: `select h.state::text as state, h.position::text as position, h.started_after::text as started_after, h.built::text as built from ${functionName(schema, "hold_documents")}($1, $2::integer, $3) as h`,
    };
    this.#end = {
      name: "tidemark_rebuild_document_end",
      text: `select coalesce(pg_catalog.max(e.position), 0)::text as position from ${quoteIdentifier(schema)}.events as e`,
    };
  }

  /** Rejects as `Projections.rebuildDocument` says. */
  async run(): Promise<RebuiltDocument> {
    const { database, schema, feed, codec } = this.#context;
    const { tenant, id, signal = new AbortController().signal } = this.#of;
    let refold: DocumentRefold | undefined;
    let tries = 0;
    const attempt = async (): Promise<RebuiltDocument> => {
      const mark = await feed.highWaterMark();
      const { reached, startedAfter } = await this.#look();
      // A worker may have begun to follow it since the last try.
      if (refold?.startedAfter !== startedAfter)
        refold = new DocumentRefold({ projection: this.#projection, decoder: decoderOf(this.#projection, codec), schema, tenant, id }, startedAfter);
      const fold = refold;
      // A follower's documents are as old as its checkpoint.
      await fold.upTo(Math.min(mark, reached), database, signal);
      const most = ++tries > mostTries ? Number.POSITIVE_INFINITY : mostWhileHeld;
      return await database.transaction((session) => this.#finish(session, fold, { most, signal }));
    };
    return await retry(attempt, {
      firstMs: 20,
      mostMs: 500,
      withinMs: patienceMs,
      signal,
      retryable: (error) => error instanceof StillFar || (isTidemarkError(error, "DATABASE") && (error.retryable || error.sqlState === "55P03")),
    });
  }

  /** Which events its documents are made of, while nobody is kept from going on: those after one position, up to another. */
  async #look(): Promise<{ readonly reached: number; readonly startedAfter: number }> {
    return await this.#context.database.transaction(async (session) => {
      const { live, position, startedAfter } = await this.#held(session);
      return { reached: live ? Number.MAX_SAFE_INTEGER : position, startedAfter };
    });
  }

  async #held(session: Session): Promise<Held> {
    const { name, version } = this.#projection;
    const [row] = await session.query(this.#hold, [name, version, this.#of.tenant]);
    if (row?.["state"] == null) throw new NotFoundError("projection", `${name} v${version}`, "It was dropped meanwhile.");
    const live = row["state"] === "live";
    if (!live && row["built"] !== "true") throw new StaleDocumentsError(this.#projection, "building");
    const position = row["position"] == null ? 0 : toSafeInteger(row["position"]);
    return { live, position, startedAfter: row["started_after"] == null ? position : toSafeInteger(row["started_after"]) };
  }

  async #finish(session: Session, refold: DocumentRefold, { most, signal }: { readonly most: number; readonly signal: AbortSignal }): Promise<RebuiltDocument> {
    const { live, position } = await this.#held(session);
    const [stored] = live ? await this.#lock(session) : await this.#documents.table.load(session, [this.#of]);
    // Whoever changes this document has committed, or waits: what is committed now is all of it.
    const end = live ? toSafeInteger((await session.query(this.#end, []))[0]?.["position"]) : position;
    if (end - refold.reached > most) throw new StillFar("too many events");
    await refold.upTo(end, session, signal);
    const { document, events } = refold;
    const changed = JSON.stringify(document) !== JSON.stringify(stored?.document);
    if (changed) await this.#write(session, refold, stored?.document);
    return { changed, events, document };
  }

  async #lock(session: Session): Promise<readonly StoredDocument[]> {
    await session.execute("set local lock_timeout = '2s'");
    const keys = [this.#of];
    const { found, gone } = this.#documents.found(keys, await sendInTurn(session, this.#documents.lock(keys, "each time")));
    return gone.length === 0 ? found : await this.#documents.lockGone(session, gone);
  }

  async #write(session: Session, { document, deleted, last }: DocumentRefold, before: object | undefined): Promise<void> {
    const { tenant, id } = this.#of;
    const write = writeOf(this.#projection, { tenant, id, document, deleted: deleted ?? before, stored: before !== undefined });
    const explain = (error: unknown): unknown => writeFailure(this.#projection, document && last ? [{ tenant, id, document, event: last }] : [], error);
    await sendInTurn(
      session,
      this.#documents.table.writeCalls(write ? [write] : []).map((call) => ({ ...call, explain })),
    );
  }
}
