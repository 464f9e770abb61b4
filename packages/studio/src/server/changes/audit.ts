import { randomUUID } from "node:crypto";
import { type EventStore, isTidemarkError, type RecordedEvent } from "tidemark";
import type { AuditLine, AuditPage } from "../../wire/changes.ts";
import { auditStream } from "./audit-events.ts";
import type { Actor } from "./change.ts";
import { ChangeRefusedError } from "./refused.ts";

interface Begun {
  readonly id: string;
  readonly change: string;
  readonly title: string;
  readonly parameters: object;
  readonly actor: Actor;
}

/** What was done, in a stream of the store itself. A change that cannot be written down is not made. */
export class Audit {
  readonly #store: EventStore;

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** @throws {@link ChangeRefusedError} — a change with this id was begun before, or the catalogue does not know the audit's events. */
  async begin({ id, change, title, parameters, actor }: Begun): Promise<void> {
    const data = { change, title, parameters, role: actor.role, attempt: randomUUID() };
    try {
      await this.#store.appendToStream(auditStream, [{ id, type: "StudioChangeRequested", data, metadata: metadataOf(actor) }]);
    } catch (error) {
      if (isTidemarkError(error, "DUPLICATE_EVENT"))
        throw new ChangeRefusedError("already-requested", "This change was requested before. The audit says how it ended.");
      if (!isTidemarkError(error, "UNKNOWN_EVENT_TYPE")) throw error;
      throw new ChangeRefusedError(
        "not-audited",
        "The catalogue of this store does not know the audit's events: add studioEvents of @tidemark/studio to defineEvents.",
      );
    }
  }

  /** @param error - Why it was not made; undefined where it was. */
  async end(request: string, actor: Actor, error?: string): Promise<void> {
    const [type, data] = error === undefined ? ["StudioChangeMade", { request }] : ["StudioChangeFailed", { request, error }];
    await this.#store.appendToStream(auditStream, [{ type, data, metadata: { ...metadataOf(actor), causationId: request } }]);
  }

  /** The latest first. @param before - A version of the stream, exclusive. */
  async read(before: number | undefined, limit: number, signal: AbortSignal): Promise<AuditPage> {
    const bounds = before === undefined ? {} : { toVersion: before - 1 };
    if (before !== undefined && before <= 1) return { entries: [], next: null };
    const events = await this.#store.readStream(auditStream, { direction: "backward", limit: limit + 1, raw: true, signal, ...bounds }).toArray();
    const page = events.slice(0, limit);
    const outcomes = await this.#outcomes(page, signal);
    return {
      entries: page.filter(isRequest).map((event) => line(event, outcomes.get(event.id))),
      next: events.length > limit ? (page.at(-1)?.version ?? null) : null,
    };
  }

  /** How the changes of a page ended: on this page, or on those that came after it. */
  async #outcomes(page: readonly RecordedEvent[], signal: AbortSignal): Promise<ReadonlyMap<string, RecordedEvent>> {
    const first = page.at(-1);
    if (!first) return new Map();
    const later = await this.#store.readStream(auditStream, { fromVersion: first.version, limit: 10 * page.length, raw: true, signal }).toArray();
    return new Map(later.filter((event) => !isRequest(event)).map((event) => [textOf(event, "request"), event]));
  }
}

function isRequest({ type }: RecordedEvent): boolean {
  return type === "StudioChangeRequested";
}

function line(event: RecordedEvent, outcome: RecordedEvent | undefined): AuditLine {
  return {
    id: event.id,
    version: event.version,
    at: event.recordedAt.getTime(),
    by: event.metadata.actorId ?? null,
    role: textOf(event, "role"),
    change: textOf(event, "change"),
    title: textOf(event, "title"),
    parameters: JSON.stringify(fieldOf(event, "parameters") ?? {}),
    outcome: outcome === undefined ? "unknown" : outcome.type === "StudioChangeMade" ? "made" : "failed",
    error: outcome?.type === "StudioChangeFailed" ? textOf(outcome, "error") : null,
  };
}

/** Anybody who can append can write to the stream. */
function fieldOf({ data }: RecordedEvent, name: string): unknown {
  return typeof data === "object" && data !== null && Object.hasOwn(data, name) ? Reflect.get(data, name) : undefined;
}

function textOf(event: RecordedEvent, name: string): string {
  const value = fieldOf(event, name);
  return typeof value === "string" ? value : "";
}

function metadataOf({ name }: Actor): { readonly actorId?: string } {
  return name === undefined ? {} : { actorId: name };
}
