import { runSql } from "../databases.ts";
import type { Setting } from "../scenario.ts";
import type { Subject } from "./subject.ts";

/** Opens a store and appends `events` to 50 streams in turns; then the database is as autovacuum would leave it a minute later. */
export async function openWithEvents<S extends Subject>(
  setting: Setting,
  open: (url: string) => Promise<S>,
  events: number,
): Promise<{ subject: S; url: string }> {
  const url = await setting.createDatabase();
  const subject = await open(url);
  setting.cleanup.defer(() => subject.close());
  setting.progress(`filling ${subject.name}`);
  for (let written = 0; written < events; written += 100) await subject.append(`cart-${(written / 100) % 50}`, 100, false);
  await runSql(url, "vacuum analyze");
  return { subject, url };
}
