import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf, type Holder } from "./folder-lock-file.ts";

/**
 * `"unseen"`: in another container of this machine, or one that had this container's name before it, so that only its signs of
 * life can tell. Where not even they can, the holder lives.
 */
export function lifeOf({ pid, host, birth, beats = false }: Holder): "alive" | "dead" | "unseen" {
  const here = birthOf("self");
  const apart = birth !== undefined && here !== undefined && placeOf(birth) !== placeOf(here);
  if (apart && beats && (host === hostname() || bootOf(birth) === bootOf(here))) return "unseen";
  if (apart || host !== hostname()) return "alive";
  if (pid === 0) return "dead";
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    if (codeOf(error) === "ESRCH") return "dead";
  }
  const now = birthOf(pid);
  return birth === undefined || now === undefined || birth === now ? "alive" : "dead";
}

/**
 * Linux: the machine and the process namespace, then the run of the system and the tick of it at which the process began.
 * A pid alone is used again, and means another process in another container.
 */
export function birthOf(pid: number | "self"): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${machine()}/${readlinkSync("/proc/self/ns/pid")} ${boot} ${started}`;
  } catch {
    return undefined;
  }
}

function machine(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    return "";
  }
}

function placeOf(birth: string): string {
  return birth.split(" ")[0] ?? "";
}

function bootOf(birth: string): string {
  return birth.split(" ")[1] ?? "";
}
