import { readFile } from "node:fs/promises";

/** The user that owns a server's files and runs it. Empty: the user who runs this process. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * PostgreSQL refuses to run as root, so root hands it to an unprivileged user. That user must have an entry in the
 * password file: initdb looks its own name up and fails without one.
 */
export async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const entries = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const entry = entries.find(([name]) => name === "postgres") ?? entries.find(([name]) => name === "nobody");
  if (!entry) throw new Error("PostgreSQL does not run as root, and /etc/passwd has neither a user postgres nor nobody. Run this as another user.");
  // Some systems write nobody's uid as -2.
  return { uid: Number(entry[2]) >>> 0, gid: Number(entry[3]) >>> 0 };
}
