import type { RecordedEvent } from "../model/event.ts";

/** An event cannot be handled and must not be passed: the shard stops until somebody resumes it. */
export class ShardStopped extends Error {
  readonly tried: { readonly event: RecordedEvent; readonly attempt: number };

  constructor(event: RecordedEvent, attempt: number, cause: unknown) {
    super("stopped", { cause });
    this.tried = { event, attempt };
  }
}
