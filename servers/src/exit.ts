import { rmSync } from "node:fs";

/** What must not outlive this process: how to end it now, and its folder. */
interface Held {
  readonly folder: string;
  endNow(): void;
}

const held = new Set<Held>();

/** Ends `server` when this process ends, whichever way it does, and removes its folder. Returns the way to let go of it. */
export function endWithProcess(server: Held): () => void {
  if (held.size === 0) listen();
  held.add(server);
  return () => {
    held.delete(server);
    if (held.size === 0) unlisten();
  };
}

function endAll(): void {
  for (const { folder, endNow } of held) {
    endNow();
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 });
    } catch {
      // The server may still be writing its last lines. The next run removes what is left.
    }
  }
  held.clear();
}

/** A signal ends a process without its exit hook. Where someone else listens for it too, they decide when the process ends. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  unlisten();
  endAll();
  process.kill(process.pid, signal);
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function listen(): void {
  process.on("exit", endAll);
  for (const signal of signals) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off("exit", endAll);
  for (const signal of signals) process.off(signal, onSignal);
}
