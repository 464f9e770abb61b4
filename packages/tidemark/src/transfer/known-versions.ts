import { streamKey } from "../append/batch.ts";
import type { ImportEvent } from "./import-event.ts";

/** Some tens of megabytes. */
const mostStreams = 200_000;

/**
 * The versions that an import left streams at, so that it need not ask for them again: a seventh of what a group costs the
 * server where every event is of another stream. Where somebody else extended a stream since, the database refuses the group.
 */
export class KnownVersions {
  readonly #versions = new Map<string, number>();

  versionOf(key: string): number | undefined {
    return this.#versions.get(key);
  }

  /** @param versions - Of each event. */
  learn(events: readonly ImportEvent[], versions: readonly number[]): void {
    if (this.#versions.size > mostStreams) this.#versions.clear();
    for (const [index, event] of events.entries()) this.#versions.set(streamKey(event), versions[index] ?? 0);
  }

  /** After any failure: another server may have answered it, with less in its log. */
  forget(): void {
    this.#versions.clear();
  }
}
