import { runSql } from "../databases.ts";
import type { Setting } from "../scenario.ts";
import type { Subject } from "./subject.ts";

/** Opens a store and appends `events` to its streams in turns, at most 100 at a time; then the database is as autovacuum would leave it a minute later. */
export async function openWithEvents<S extends Subject>(
  setting: Setting,
  open: (url: string) => Promise<S>,
  events: number,
  streams = 50,
): Promise<{ subject: S; url: string }> {
  const url = await setting.createDatabase();
  const subject = await open(url);
  setting.cleanup.defer(() => subject.close());
  setting.progress(`filling ${subject.name}`);
  const atOnce = Math.min(100, events / streams);
  for (let written = 0; written < events; written += atOnce) await subject.append(`cart-${(written / atOnce) % streams}`, atOnce, false);
  await runSql(url, "vacuum analyze");
  return { subject, url };
}
