import type { AppendToStreamsOptions } from "../append/types.ts";
import { OutcomeUnknownError } from "../errors/appending.ts";
import { asRecorded, type Event, type NewEvent, type RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";

/** Events that stand in a stream; the last of them has this version. */
export interface Appended {
  readonly streamId: string;
  readonly version: number;
  readonly events: readonly NewEvent[];
}

/** Collects the events of an append as it tells them. */
export class Recorded<E extends Event> {
  #events: readonly RecordedEvent<E>[] | undefined;

  /** The same options, for an append that tells. A store that is not ours may pass over it. */
  in<Options extends AppendToStreamsOptions>(options: Options): Options {
    return {
      ...options,
      onRecorded: (events) => {
        this.#events = events.map((event) => asRecorded<E>(event));
      },
    };
  }

  /**
   * Whether the append told its events. Then it wrote them just now, at the end of their streams. Otherwise they may have been there
   * before, anywhere: an append that finds its ids writes nothing, and succeeds.
   */
  get told(): boolean {
    return this.#events !== undefined;
  }

  /** The events as they were stored, in the order of their positions. Where the append did not tell, they are read. */
  async events(store: EventReaderWriter, { appended, again }: Written): Promise<readonly RecordedEvent<E>[]> {
    return this.#events ?? (await readAfter({ appended, again }, () => readBack<E>(store, appended)));
  }
}

/** What was written, for readings that follow. */
export interface Written {
  readonly appended: readonly Appended[];
  /** Whether the same command can be handled again without being carried out twice. */
  readonly again: boolean;
}

/**
 * Reads something after an append. Without the caller's signal: the events are written, and that is the outcome. When it fails they
 * stand all the same, so that its error must not look as if nothing had been written.
 */
export async function readAfter<T>({ appended, again }: Written, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const written = appended.filter(({ events }) => events.length > 0);
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

/** Their times and positions are the database's, so they have to be asked for. */
async function readBack<E extends Event>(store: EventReaderWriter, appended: readonly Appended[]): Promise<readonly RecordedEvent<E>[]> {
  const streams = await Promise.all(
    appended
      .filter(({ events }) => events.length > 0)
      .map(({ streamId, version, events }) => store.readStream<E>(streamId, { fromVersion: version - events.length + 1, toVersion: version }).toArray()),
  );
  return streams.flat().toSorted((a, b) => a.position - b.position);
}
