import { isPGlite } from "../arguments/pool-options.ts";
import type { GivenPGlite, PGliteInstance } from "../database/pglite-client.ts";
import { startPGlite } from "../database/pglite-start.ts";

/** How long it waits for the next test, in milliseconds. */
const idleMs = 500;

let starting: Promise<{ readonly instance: PGliteInstance & GivenPGlite; close(): Promise<void> }> | undefined;
let users = 0;
let idle: NodeJS.Timeout | undefined;

export interface SharedPGlite {
  readonly instance: PGliteInstance & GivenPGlite;
  /** Call it once, when done. */
  release(): void;
}

/**
 * One PGlite for the whole process: to start one takes a second or two, to migrate a schema of it a few hundredths of one.
 *
 * PostgreSQL sets itself an alarm of ten seconds, which keeps the process alive for as long. So it is closed shortly after its
 * last user has left; the timer for that keeps nothing alive.
 */
export async function sharedPGlite(): Promise<SharedPGlite> {
  users++;
  clearTimeout(idle);
  try {
    const { instance } = await (starting ??= start());
    return { instance, release };
  } catch (error) {
    starting = undefined;
    release();
    throw error;
  }
}

function release(): void {
  users--;
  if (users > 0) return;
  idle = setTimeout(() => {
    const leaving = starting;
    starting = undefined;
    void leaving?.then(({ close }) => close());
  }, idleMs).unref();
}

async function start(): Promise<{ readonly instance: PGliteInstance & GivenPGlite; close(): Promise<void> }> {
  const { instance, close } = await startPGlite(undefined);
  if (!isPGlite(instance)) throw new TypeError("this PGlite has no waitReady");
  return { instance, close };
}
