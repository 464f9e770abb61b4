/** A way to store events, on a database of its own. */
export interface Subject {
  readonly name: string;
  /** Appends `count` events, all or none, and to a stream that must not exist where `isNew`. Resolves with those written. */
  append(streamId: string, count: number, isNew: boolean, giveUp?: AbortSignal): Promise<number>;
  /** Reads a stream from its start to its end; resolves with the number of events. */
  readStream(streamId: string): Promise<number>;
  /** Follows a log of events from its start to the end that it has now; resolves with their number. */
  follow?(): Promise<number>;
  close(): Promise<void>;
}
