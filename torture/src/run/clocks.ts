import { existsSync, globSync } from "node:fs";
import { mkdtemp, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeStaleSemaphores } from "./semaphores.ts";

/** A clock that some processes go by: what they take for the time of day. Their timers and durations stay true. */
export interface Clock {
  /** For the processes' environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets it this many seconds ahead of the truth, or behind it. Processes heed it within `heededMs`. */
  set(seconds: number): Promise<void>;
}

export interface Clocks extends AsyncDisposable {
  readonly server: Clock;
  /** Each worker has its own. */
  worker(number: number): Clock;
}

/** libfaketime looks into its file again once a second. */
export const heededMs = 1_200;

/** Debian's package `libfaketime`. The server's handlers of signals ask for the time: with the library for threads they would wait for themselves. */
function libraryOf(kind: "libfaketime" | "libfaketimeMT"): string | undefined {
  return globSync(`/usr/lib/*/faketime/${kind}.so.1`).find((file) => existsSync(file));
}

/** Clocks for the processes of a run; undefined where libfaketime is not installed. */
export async function createClocks(): Promise<Clocks | undefined> {
  const [forServer, forWorkers] = [libraryOf("libfaketime"), libraryOf("libfaketimeMT")];
  if (forServer === undefined || forWorkers === undefined) return undefined;
  removeStaleSemaphores();
  const folder = await mkdtemp(join(tmpdir(), "tidemark-torture-clocks-"));
  // The server is another user's.
  await chmod(folder, 0o755);
  const clock = (name: string, library: string): Clock => {
    const file = join(folder, name);
    return {
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_CACHE_DURATION: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        FAKETIME_DONT_RESET: "1",
        // Times of files are faked under a semaphore that all processes of a server share: one that is killed, or frozen, while it has it
        // stops all others for good. Beside that only a program that begins takes one, its own.
        NO_FAKE_STAT: "1",
      },
      set: (seconds) => writeFile(file, `${seconds < 0 ? "" : "+"}${seconds}\n`),
    };
  };
  const server = clock("server", forServer);
  await server.set(0);
  return {
    server,
    worker: (number) => clock(`worker-${number}`, forWorkers),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
      removeStaleSemaphores();
    },
  };
}
