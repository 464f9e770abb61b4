import { chown, cp, lchown, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type Server, type ServerOptions } from "@tidemark/servers";

/**
 * A streaming replica of `primary`, which restarts. Both servers have the same superuser and password: all of one version
 * are copies of one template.
 */
export async function startStandby(primary: Server, options: ServerOptions): Promise<Server> {
  const standby = await startServer(options);
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
