import { untilSignal } from "../async/until-signal.ts";
import { InterruptedError } from "../transfer/transfer-error.ts";

/**
 * Does work that Ctrl-C ends by its signal: the server must not go on reading the log for a process that has gone. Begin it when the database
 * is open: before that nothing looks at the signal, and Node.js ends the process by itself.
 */
export async function untilInterrupted<T>(message: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { first, unlisten } = untilSignal(() => {});
  void first.then(() => controller.abort(new InterruptedError(message)));
  try {
    return await work(controller.signal);
  } finally {
    unlisten();
  }
}
