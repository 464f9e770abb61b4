import { type EventDecoder, decodedParts } from "../../catalogue/event-codec.ts";
import type { Queryable } from "../../database/database.ts";
import type { CollectionTable } from "../../documents/collection-table.ts";
import type { ScanPage } from "../../feed/scan-member.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";
import { documentIdsOf } from "../document-set.ts";
import type { DocumentCache } from "./document-cache.ts";
import type { Pace } from "./pace.ts";
import { SharedDocument } from "./split-build.ts";

/** An event cannot be folded, or a document not be stored. Following meets the same event, and says what is wrong with it. */
export class NotFolded extends Error {
  constructor(cause: unknown) {
    super("an event could not be folded", { cause });
  }
}

/** Folds pages of the log into documents in memory. */
export class DocumentFold {
  readonly #projection: DefinedDocumentProjection;
  readonly #decoder: Pick<EventDecoder, "decode">;
  readonly #table: CollectionTable;
  readonly #cache: DocumentCache;
  readonly #part: boolean;

  /** @param part - It gets the events of some streams, and others get the rest. */
  constructor(projection: DefinedDocumentProjection, decoder: Pick<EventDecoder, "decode">, table: CollectionTable, cache: DocumentCache, part: boolean) {
    this.#projection = projection;
    this.#decoder = decoder;
    this.#table = table;
    this.#cache = cache;
    this.#part = part;
  }

  /**
   * Returns how many of the events are something to the projection.
   *
   * @param pace - Says when to let go of the process.
   * @throws {@link NotFolded} — then everything since the last flush is of no use: `evolve` may have changed a document before it threw.
   * @throws {@link SharedDocument} — this cannot be done in parts.
   */
  async take(page: ScanPage, queryable: Queryable, pace: Pace): Promise<number> {
    this.#cache.turnPage();
    if (this.#cache.whole) return await this.#each(page, pace, (event, ids) => this.#cache.evolve(event, ids));
    const touched: { readonly event: RecordedEvent; readonly ids: readonly string[] }[] = [];
    const handled = await this.#each(page, pace, (event, ids) => void touched.push({ event, ids }));
    const missing = this.#cache.missing(touched.flatMap(({ event: { tenant }, ids }) => ids.map((id) => ({ tenant, id }))));
    this.#cache.loaded(missing, await this.#table.load(queryable, missing));
    for (const { event, ids } of touched) {
      unlessFolded(() => this.#cache.evolve(event, ids));
      if (pace.due) await pace.rest();
    }
    return handled;
  }

  async #each({ slices }: ScanPage, pace: Pace, take: (event: RecordedEvent, ids: readonly string[]) => void): Promise<number> {
    let handled = 0;
    for (const slice of slices) {
      handled += unlessFolded(() => this.#takeSlice(slice, take));
      if (pace.due) await pace.rest();
    }
    return handled;
  }

  #takeSlice(slice: readonly RecordedEvent[], take: (event: RecordedEvent, ids: readonly string[]) => void): number {
    let handled = 0;
    for (const stored of slice) {
      const parts = this.#decoder.decode ? decodedParts(stored, this.#decoder) : [stored];
      for (const event of parts) take(event, this.#idsOf(event));
      if (parts.length > 0) handled++;
    }
    return handled;
  }

  #idsOf(event: RecordedEvent): readonly string[] {
    const ids = documentIdsOf(this.#projection, event);
    const foreign = this.#part ? ids.find((id) => id !== event.streamId) : undefined;
    if (foreign !== undefined) throw new SharedDocument(event.streamId, foreign);
    return ids;
  }
}

/** Runs what calls functions of the user's. */
export function unlessFolded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SharedDocument ? error : new NotFolded(error);
  }
}
