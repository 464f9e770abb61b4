import type pg from "pg";
import { randomFrom } from "./random.ts";

/** Whether this process can stop the server's backends: the run's own server, on a system with signals. */
export const canFreeze: boolean = process.env["TIDEMARK_TEST_URL"] === undefined && process.platform !== "win32";

/**
 * Stops one backend of `database` after the other, each for 5 to 65 ms, until `over`. Returns how many.
 *
 * @param elsewhere - A connection to another database, which is never stopped itself.
 */
export async function freezeBackends(elsewhere: pg.Pool, database: string, seed: number, over: AbortSignal): Promise<number> {
  const random = randomFrom(seed);
  let frozen = 0;
  while (!over.aborted) {
    const { rows } = await elsewhere.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = $1 and backend_type = 'client backend' order by pid",
      [database],
    );
    const pid = rows[Math.floor(random() * rows.length)]?.pid;
    if (pid === undefined) continue;
    signal(pid, "SIGSTOP");
    try {
      await elsewhere.query("select pg_sleep($1::float8 / 1000)", [5 + random() * 60]);
    } finally {
      signal(pid, "SIGCONT");
    }
    frozen++;
  }
  return frozen;
}

/** A backend may have ended meanwhile. */
function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
