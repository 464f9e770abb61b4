import { tracingChannel } from "node:diagnostics_channel";
import type { TracedOperations } from "tidemark";
import { tracedChannels } from "../../src/tracing/operations.ts";

type Message = TracedOperations[keyof TracedOperations];

/** One message, as it was when it was published last. */
export interface Recorded {
  readonly channel: keyof TracedOperations;
  readonly steps: string[];
  readonly message: Message;
}

/** Subscribers of one step. */
export function onStart<Of>(start: (message: Of) => void): Readonly<Record<"start" | "end" | "asyncStart" | "asyncEnd" | "error", (message: Of) => void>> {
  const ignore = (): void => {};
  return { start, end: ignore, asyncStart: ignore, asyncEnd: ignore, error: ignore };
}

/** Listens to every channel, until it is disposed. */
export class Recorder implements Disposable {
  readonly all: Recorded[] = [];
  readonly #ends: (() => void)[] = [];

  constructor(schema?: string) {
    for (const channel of tracedChannels) {
      const tracing = tracingChannel<unknown, Message>(channel);
      const listen =
        (step: string) =>
        (message: Message): void => {
          if (schema !== undefined && message.store.schema !== schema) return;
          const known = this.all.find((one) => one.message === message);
          if (known) known.steps.push(step);
          else this.all.push({ channel, steps: [step], message });
        };
      const subscribers = {
        start: listen("start"),
        end: listen("end"),
        asyncStart: listen("asyncStart"),
        asyncEnd: listen("asyncEnd"),
        error: listen("error"),
      };
      tracing.subscribe(subscribers);
      this.#ends.push(() => tracing.unsubscribe(subscribers));
    }
  }

  of<Channel extends keyof TracedOperations>(channel: Channel): readonly TracedOperations[Channel][] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each channel has messages of its own
    return this.all.filter((one) => one.channel === channel).map(({ message }) => message) as unknown as readonly TracedOperations[Channel][];
  }

  clear(): void {
    this.all.length = 0;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
