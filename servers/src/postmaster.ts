import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";

const pause = new Int32Array(new SharedArrayBuffer(4));

export class PortTakenError extends Error {}

/** One run of a server: from its start to its end. */
export interface Postmaster {
  readonly pid: number;
  isRunning(): boolean;
  /** `"fast"` ends sessions and writes a checkpoint; `"immediate"` is a crash: the next start recovers from the log. */
  end(how: "fast" | "immediate"): Promise<void>;
  /** The crash, from an exit hook, where nothing can be awaited. */
  endNow(): void;
}

export interface Launch {
  /** Holds `data`; gets `log`. */
  readonly folder: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a server and waits until it accepts connections. */
export async function launch({ folder, port, settings, binaries, account, env }: Launch): Promise<Postmaster> {
  const data = join(folder, "data");
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", port, ...settings };
  const log = openSync(join(folder, "log"), "a");
  const logStart = readFileSync(join(folder, "log")).length;
  // Detached: Ctrl-C goes to a terminal's whole process group, and the server must outlive the clients that clean up.
  const child = spawn(binaries.postgres, ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])], {
    ...account,
    cwd: folder,
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, LC_ALL: "C", ...env },
    windowsHide: true,
  });
  closeSync(log);
  child.unref();
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${binaries.postgres} did not start.`);
  while (!(await isReady(data, pid))) {
    if (!isRunning(child)) {
      const said = readFileSync(join(folder, "log"), "utf8").slice(logStart);
      if (said.includes("could not create any TCP/IP sockets")) throw new PortTakenError(`Port ${port} is taken.`);
      throw new Error(`PostgreSQL ended (${child.exitCode ?? child.signalCode}) instead of starting on port ${port}. Its log says:\n${said}`);
    }
    await delay(10);
  }

  function signal(how: "fast" | "immediate"): void {
    // Windows has no such signals; pg_ctl ends the server through a named event.
    if (process.platform === "win32") spawnSync(binaries.pgCtl, ["stop", "-W", "-D", data, "-m", how]);
    else if (isRunning(child)) child.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
  }
  return {
    pid,
    isRunning: () => isRunning(child),
    async end(how) {
      if (!isRunning(child)) return;
      child.ref();
      const ended = once(child, "exit");
      signal(how);
      await ended;
    },
    endNow() {
      if (!isRunning(child)) return;
      signal("immediate");
      // The server removes this file last. Its exit cannot be awaited here, and a second must do.
      for (let waited = 0; waited < 1_000 && existsSync(join(data, "postmaster.pid")); waited += 5) Atomics.wait(pause, 0, 0, 5);
    },
  };
}

/** The server writes its state into the eighth line of this file, which is what pg_ctl reads too. */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
