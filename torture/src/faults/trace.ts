import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

let works: boolean | undefined;

/** Why system calls cannot be tampered with here, if so. */
export function noTrace(): string | undefined {
  works ??= spawnSync("strace", ["-qq", "-o", "/dev/null", "-e", "trace=none", "true"]).status === 0;
  return works ? undefined : "needs strace, and the right to trace the server (Debian: apt-get install strace; run as root)";
}

/** Tampers with system calls of some processes for a while: `"fsync,fdatasync:error=EIO"`, as strace's `inject` takes it. */
export async function tamper(pids: readonly number[], injection: string, forMs: number): Promise<void> {
  const calls = injection.split(":")[0];
  const attached = pids.flatMap((pid) => ["-p", `${pid}`]);
  const tracer = spawn("strace", ["-qq", "-o", "/dev/null", ...attached, "-e", `trace=${calls}`, "-e", `inject=${injection}`], { stdio: "ignore" });
  const ended = once(tracer, "exit");
  await Promise.race([delay(forMs), ended]);
  // It lets go of the processes before it ends.
  tracer.kill("SIGTERM");
  await ended;
}
