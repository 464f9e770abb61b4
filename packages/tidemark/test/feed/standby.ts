import { chown, cp, lchown, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type Server } from "@tidemark/servers";
import type { EventStore } from "tidemark";
import { eventually, expect } from "../support/test.ts";

/**
 * A streaming replica of `primary`, which restarts. Both servers have the same superuser and password: all of one version
 * are copies of one template.
 */
export async function startStandby(primary: Server): Promise<Server> {
  const standby = await startServer({ version: primary.version });
  const [from, to] = [join(primary.folder, "data"), join(standby.folder, "data")];
  await standby.stop();
  await primary.stop();
  const { uid, gid, mode } = await stat(from);
  await rm(to, { recursive: true });
  await mkdir(to, { mode });
  await cp(from, to, { recursive: true });
  const { username, password } = new URL(primary.url);
  await writeFile(join(to, "standby.signal"), "");
  await writeFile(join(to, "postgresql.auto.conf"), `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=${username} password=${password}'\n`);
  await chown(to, uid, gid);
  await Promise.all((await readdir(to, { recursive: true })).map((entry) => lchown(join(to, entry), uid, gid)));
  await primary.start();
  await standby.start();
  return standby;
}

/** Waits until the standby has all that the primary wrote. */
export async function replayed(onPrimary: EventStore, onStandby: EventStore): Promise<void> {
  const {
    rows: [now],
  } = await onPrimary.query<{ lsn: string }>("select pg_current_wal_flush_lsn()::text as lsn");
  await eventually(async () => {
    const {
      rows: [here],
    } = await onStandby.query<{ there: boolean }>("select pg_last_wal_replay_lsn() >= $1::pg_lsn as there", [now?.lsn]);
    expect(here?.there).toBe(true);
  });
}
