import type { RecordedEvent } from "../model/event.ts";

/** An event cannot be handled and must not be passed: the shard stops until it is resumed. */
export class ShardStopped extends Error {
  readonly tried: { readonly event: RecordedEvent; readonly attempt: number };
  /** Its handler was not called. */
  readonly undecodable: boolean;

  constructor(event: RecordedEvent, attempt: number, cause: unknown, undecodable: boolean) {
    super("stopped", { cause });
    this.tried = { event, attempt };
    this.undecodable = undecodable;
  }
}
