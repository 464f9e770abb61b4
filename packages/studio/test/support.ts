import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Studio } from "@tidemark/studio";
import { changeHeader, type ChangePlan } from "../src/wire/changes.ts";

/** What a browser of this machine sends with the token. */
export function get({ fetch, token }: Studio, path: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}): Promise<Response> {
  const all = { host: "localhost:4983", ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers };
  return fetch(new Request(`http://localhost:4983${path}`, { ...init, headers: all }));
}

/** The JSON of a call that succeeds. */
export async function report<T>(panel: Studio, path: string): Promise<T> {
  const response = await get(panel, path);
  const body = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${body}`);
  const parsed: T = JSON.parse(body);
  return parsed;
}

/** What the studio's page sends for a change. */
export function change(panel: Studio, name: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const own = { origin: "http://localhost:4983", "sec-fetch-site": "same-origin", "content-type": "application/json", [changeHeader.name]: changeHeader.value };
  return get(panel, `/api/changes/${name}`, { ...own, ...headers }, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
}

/** Asks what a change would do, confirms it, and returns the status of the answer. */
export async function confirmed(panel: Studio, name: string, parameters: object, id: string = randomUUID()): Promise<number> {
  const plan: ChangePlan = await (await change(panel, name, { parameters })).json();
  return (await change(panel, name, { parameters, id, confirm: plan.confirm })).status;
}

/** The database refuses to write down how a change ended, which is made all the same. @param sql - Of the superuser's. */
export async function refuseToSettle(sql: { query(text: string): Promise<unknown> }, schema: string): Promise<void> {
  const at = `"${schema.replaceAll('"', '""')}"`;
  await sql.query(`
create function ${at}.refuse_to_settle() returns trigger language plpgsql as $$ begin raise exception 'no audit today'; end $$;
create trigger refuse before update on ${at}.audit_entries for each row execute function ${at}.refuse_to_settle()`);
}

/** Sends text as it is over a socket, and returns the first line of the answer. */
export async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(request);
  return (await text(socket)).split("\r\n", 1)[0] ?? "";
}

/** A request of which every header can be chosen: `fetch` decides some of them itself. */
export function statusOf(port: number, path: string, headers: Readonly<Record<string, string>>, method = "GET"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: "127.0.0.1", path, method, headers, setHost: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Not on the connection that holds the lock: within a transaction PostgreSQL shows only connections that were there at the first look. */
export async function waitingForLocks(sql: { query(text: string): Promise<{ rows: { waiting: number }[] }> }): Promise<number> {
  const { rows } = await sql.query(
    "select count(*)::int as waiting from pg_catalog.pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows[0]?.waiting ?? 0;
}
