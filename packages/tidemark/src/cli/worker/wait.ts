import { setTimeout as delay } from "node:timers/promises";
import { isTidemarkError } from "../../errors/errors.ts";
import { type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkerReport } from "../worker-report.ts";

const againMs = 500;

/**
 * Resolves once the database can be reached and its schema fits: both may be made ready by others that start at the same time. Tells once what it
 * waits for. Any other error ends it, and so does the end of the time.
 */
export async function waitForStore(flags: StoreFlags, seconds: number, terminal: Terminal, report: WorkerReport): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  for (let told = ""; ; await delay(againMs)) {
    try {
      return await withStore(flags, terminal, async () => {}, { pool: { max: 1, connectionTimeoutMs: 5_000 } });
    } catch (error) {
      if (!isTidemarkError(error) || !canPass(error)) throw error;
      if (told !== error.code) report.tell("waiting", `Waiting for the database: ${error.message}`, { code: error.code });
      told = error.code;
      if (performance.now() >= until) throw error;
    }
  }
}

/** Whether others may still end it: the server starts, or its migrations are being applied. */
function canPass({ code, retryable }: { readonly code: string; readonly retryable: boolean }): boolean {
  return retryable || code === "SCHEMA_OUTDATED";
}
