import { tellingRecorded } from "../append/recorded.ts";
import { OutcomeUnknownError } from "../errors.ts";
import { asRecorded, type Event, type NewEvent, type RecordedEvent } from "../event.ts";
import type { EventReaderWriter } from "../event-reader-writer.ts";

/** Events that were appended to the end of a stream, which is at `version` now. */
export interface Appended<E extends Event> {
  readonly streamId: string;
  readonly version: number;
  readonly events: readonly NewEvent<E>[];
}

/** Collects the events of an append as it tells them. */
export class Recorded<E extends Event> {
  #events: readonly RecordedEvent<E>[] | undefined;

  /** The same options, for an append that tells. */
  in<Options extends object>(options: Options): Options {
    return tellingRecorded(options, (events) => {
      this.#events = events.map((event) => asRecorded<E>(event));
    });
  }

  /** Where the append did not tell, they are read: `again` as in `readBack`. */
  async events(store: EventReaderWriter, appended: readonly Appended<E>[], again: boolean): Promise<readonly RecordedEvent<E>[]> {
    return this.#events ?? (await readBack<E>(store, appended, again));
  }
}

/**
 * The events as they were stored, in the order of their positions. Their times and positions are the database's, so they
 * have to be asked for. Without the caller's signal: they are written, and that is the outcome.
 *
 * @param again - whether the same command can be handled again without being carried out twice
 */
async function readBack<E extends Event>(store: EventReaderWriter, appended: readonly Appended<E>[], again: boolean): Promise<readonly RecordedEvent<E>[]> {
  const written = appended.filter(({ events }) => events.length > 0);
  try {
    const streams = await Promise.all(
      written.map(({ streamId, version, events }) => store.readStream<E>(streamId, { fromVersion: version - events.length + 1, toVersion: version }).toArray()),
    );
    return streams.flat().toSorted((a, b) => a.position - b.position);
  } catch (error) {
    const places = written.map(({ streamId, version }) => `${JSON.stringify(streamId)} up to version ${version}`).join(", ");
    const next = again ? "Handle the command again: its commandId lets it write nothing twice." : "Read the streams; do not handle the command again.";
    throw new OutcomeUnknownError(
      `The command's events were written, to ${places}, but could not be read back. ${next}`,
      // An error that names ids is one to retry.
      again ? written.flatMap(({ events }) => events.flatMap(({ id }) => (id === undefined ? [] : [id]))) : [],
      { cause: error },
    );
  }
}
