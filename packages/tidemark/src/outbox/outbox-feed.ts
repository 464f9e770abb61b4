import type { Database } from "../database/database.ts";
import type { Feed } from "../feed/feed.ts";
import type { FollowedLog } from "../feed/followed-log.ts";
import { MarkReader } from "../feed/mark.ts";
import { functionName } from "../schema/function-set.ts";
import { OutboxLog } from "./outbox-log.ts";

/** The outbox as a log that can be followed: woken by the same commits as the log of events, and never read beyond its mark. */
export function outboxFeed(feed: Feed, database: Database, schema: string): FollowedLog {
  const sql = `
select m.mark::text, m.id::text, m.in_recovery::text, m.last_id::text
  from ${functionName(schema, "outbox_mark")}($1, $2) as m`;
  return feed.besides(new OutboxLog(database, schema), new MarkReader(database, schema, { name: "tidemark_outbox_mark", text: sql }));
}
