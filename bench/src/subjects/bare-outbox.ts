import { randomUUID } from "node:crypto";
import pg from "pg";
import { eventData, eventType } from "../payload.ts";
import { plainEvents } from "./plain-sql.ts";

const outbox = `
create table if not exists outbox (
  id bigint generated always as identity primary key,
  message_id uuid not null unique,
  topic text not null,
  key text not null,
  payload jsonb not null,
  published_at timestamptz not null default now()
)`;

const insertEvent = "insert into plain_events (stream, version, type, data) values ($1, 1, $2, $3)";
const insertMessage = "insert into outbox (message_id, topic, key, payload) values ($1, $2, $3, $4)";

/** What one writes by hand: an event and a message in one transaction of the bare driver. */
export interface BareOutbox {
  append(): Promise<number>;
  appendAndPublish(): Promise<number>;
  close(): Promise<void>;
}

/** The floor of an outbox: two tables and four round trips. Nothing is checked, and a reader that goes by id loses what commits late. */
export async function openBareOutbox(url: string): Promise<BareOutbox> {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(`begin; ${outbox}; ${plainEvents}; commit`);
  async function inTransaction(publishes: boolean): Promise<number> {
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query({ name: "event", text: insertEvent, values: [`cart-${randomUUID()}`, eventType, JSON.stringify(eventData)] });
      if (publishes) await client.query({ name: "message", text: insertMessage, values: [randomUUID(), "mail", randomUUID(), JSON.stringify(eventData)] });
      await client.query("commit");
      return 1;
    } finally {
      client.release();
    }
  }
  return { append: () => inTransaction(false), appendAndPublish: () => inTransaction(true), close: () => pool.end() };
}
