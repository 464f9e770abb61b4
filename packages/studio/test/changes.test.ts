import { randomUUID } from "node:crypto";
import { defineConsumer, defineEvents, defineRelay, event, type EventStore } from "tidemark";
import { nodeHandler, serveStudio, studio, type StudioUser } from "@tidemark/studio";
import express from "express";
import type { AuditPage, ChangeDone, ChangePlan, SessionReport } from "../src/wire/changes.ts";
import type { ProblemReport } from "../src/wire/reports.ts";
import { describe, eventually, expect, test } from "../../tidemark/test/support/test.ts";
import { change, confirmed, get, refuseToSettle, report } from "./support.ts";

const mailer = { kind: "consumer", name: "mailer" };

/** A consumer that is known, and that nobody works for. */
async function knowMailer(store: EventStore): Promise<void> {
  const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: async () => {} })] });
  await worker.start();
  await worker.stop();
}

const isPaused = async (store: EventStore): Promise<boolean> => (await store.consumers.get("mailer")).paused;

/** The store, of which a consumer is paused in another way. */
function withPause(store: EventStore, pause: () => Promise<void>): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "consumers") return { get: (consumer: string) => target.consumers.get(consumer), pause };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function problem(response: Promise<Response>): Promise<readonly [number, string]> {
  const { status, code }: ProblemReport = await (await response).json();
  return [status, code];
}

describe("a change", () => {
  test("first says what it will do, is made when that is confirmed, and stands in the audit with who made it", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { authorize: () => ({ role: "admin", name: "ada" }) });
    const parameters = { ...mailer, reason: "the mail server is down" };
    const plan: ChangePlan = await (await change(panel, "pause", { parameters })).json();
    expect(plan).toMatchObject({
      title: "Pause the consumer mailer",
      grave: false,
      effects: expect.arrayContaining([expect.stringContaining("the mail server is down")]),
    });
    expect(await isPaused(store)).toBe(false);
    const id = randomUUID();
    expect((await change(panel, "pause", { parameters, id, confirm: plan.confirm })).status).toBe(200);
    expect((await store.consumers.get("mailer")).pause).toMatchObject({ reason: "the mail server is down", by: "ada" });
    const { entries } = await report<AuditPage>(panel, "/api/audit");
    expect(entries).toMatchObject([
      { id, actor: "ada", role: "admin", action: "pause", subject: "consumer mailer", reason: parameters.reason, state: "done", error: null },
    ]);
    expect(JSON.parse(entries[0]?.parameters ?? "")).toEqual(parameters);
  });

  test("is made once, however often it is sent", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { role: "operator" });
    const id = randomUUID();
    expect(await confirmed(panel, "pause", mailer, id)).toBe(200);
    await store.consumers.resume("mailer");
    const plan: ChangePlan = await (await change(panel, "pause", { parameters: mailer })).json();
    const again = (): Promise<readonly [number, string]> => problem(change(panel, "pause", { parameters: mailer, id, confirm: plan.confirm }));
    expect(await Promise.all([again(), again()])).toEqual([
      [409, "already-requested"],
      [409, "already-requested"],
    ]);
    expect(await isPaused(store)).toBe(false);
  });

  test("that two send at once under one id is made for one of them", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { role: "admin" });
    const id = randomUUID();
    const statuses = await Promise.all([1, 2, 3].map(() => confirmed(panel, "pause", mailer, id)));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    const { entries } = await report<AuditPage>(panel, "/api/audit");
    expect(entries).toHaveLength(1);
  });

  test("that would do something else than was confirmed is not made, and neither is one that was not confirmed", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { role: "admin" });
    const plan: ChangePlan = await (await change(panel, "pause", { parameters: mailer })).json();
    await store.consumers.pause("mailer");
    const body = { parameters: mailer, id: randomUUID(), confirm: plan.confirm };
    expect(await problem(change(panel, "pause", body))).toEqual([409, "plan-changed"]);
    await store.consumers.resume("mailer");
    expect(await problem(change(panel, "pause", { ...body, parameters: { ...mailer, reason: "other" } }))).toEqual([409, "plan-changed"]);
    expect(await problem(change(panel, "pause", { ...body, id: "nonsense" }))).toEqual([400, "bad-request"]);
    expect(await isPaused(store)).toBe(false);
    expect((await report<AuditPage>(panel, "/api/audit")).entries).toEqual([]);
  });

  test("of what is not there is refused before anything is written", async ({ store, application }) => {
    await application.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    const panel = studio(store, { role: "admin" });
    expect(await problem(change(panel, "pause", { parameters: { kind: "consumer", name: "absent" } }))).toEqual([404, "not-found"]);
    expect(await problem(change(panel, "absent", {}))).toEqual([404, "not-found"]);
    expect(await problem(change(panel, "constructor", {}))).toEqual([404, "not-found"]);
    expect(await store.readAll({ raw: true }).toArray()).toHaveLength(1);
  });

  test("that fails says so in the audit", async ({ store, application }) => {
    await knowMailer(application);
    const failing = withPause(store, () => Promise.reject(new Error("no pause today")));
    const panel = studio(failing, { role: "admin" });
    expect(await confirmed(panel, "pause", mailer)).toBe(500);
    expect((await report<AuditPage>(panel, "/api/audit")).entries).toMatchObject([{ state: "failed", error: "no pause today" }]);
  });

  test("is written down before it is made, and stands as begun until it is settled", async ({ store, application }) => {
    await knowMailer(application);
    const states: (readonly string[])[] = [];
    const watched = withPause(store, async () => void states.push((await store.audit.list()).map(({ state }) => state)));
    expect(await confirmed(studio(watched, { role: "admin" }), "pause", mailer)).toBe(200);
    expect([states, (await store.audit.list()).map(({ state }) => state)]).toEqual([[["begun"]], ["done"]]);
  });

  test("that cannot be written down is not made", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { authorize: () => ({ role: "admin", name: "x".repeat(300) }) });
    await store.consumers.pause("mailer");
    expect(await confirmed(panel, "resume", mailer)).toBe(400);
    expect([await isPaused(store), await store.audit.list()]).toEqual([true, []]);
  });

  test("that is made is told as made, with a warning where the audit could not be completed", async ({ store, application, sql, schema }) => {
    await knowMailer(application);
    const panel = studio(store, { role: "admin" });
    const ask = async (name: string, body: object): Promise<ChangePlan & ChangeDone> => {
      const plan: ChangePlan = await (await change(panel, name, body)).json();
      const answer = await change(panel, name, { ...body, id: randomUUID(), confirm: plan.confirm });
      expect(answer.status).toBe(200);
      return answer.json();
    };
    expect((await ask("pause", { parameters: mailer })).warning).toBeNull();
    await refuseToSettle(sql, schema);
    expect(await ask("resume", { parameters: mailer })).toMatchObject({
      title: "Resume the consumer mailer",
      warning: expect.stringContaining("The change was made, but the audit could not be completed"),
    });
    expect(await isPaused(store)).toBe(false);
    expect((await store.audit.list()).map(({ action, state }) => [action, state])).toEqual([
      ["resume", "begun"],
      ["pause", "done"],
    ]);
  });

  test("leaves nothing in the log, whatever the catalogue knows", async ({ store, application, openStore }) => {
    await knowMailer(application);
    const knowing = await openStore({ events: defineEvents({ ItemAdded: event<{ sku: string }>() }) });
    expect(await confirmed(studio(knowing, { role: "admin" }), "pause", mailer)).toBe(200);
    expect([await isPaused(store), await store.readAll({ raw: true }).toArray()]).toEqual([true, []]);
  });

  test("is found in the audit by what it was done to, by whom, and page by page", async ({ store }) => {
    for (const [actor, subject] of [
      ["ada", "consumer a"],
      ["ben", "consumer a"],
      ["ada", "consumer b"],
    ] as const)
      await store.audit.record({ action: "pause", subject, actor });
    const panel = studio(store, { role: "admin" });
    const found = async (query: string): Promise<AuditPage> => report<AuditPage>(panel, `/api/audit?${query}`);
    const names = ({ entries }: AuditPage): readonly string[] => entries.map(({ actor, subject }) => `${actor} ${subject}`);
    expect(names(await found("subject=consumer+a"))).toEqual(["ben consumer a", "ada consumer a"]);
    expect(names(await found("actor=ada"))).toEqual(["ada consumer b", "ada consumer a"]);
    const first = await found("limit=2");
    expect(names(first)).toEqual(["ada consumer b", "ben consumer a"]);
    const last = await found(`limit=2&before=${first.next}`);
    expect([names(last), last.next]).toEqual([["ada consumer a"], null]);
  });

  test("that cannot be taken back says so", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { role: "admin" });
    const plan: ChangePlan = await (await change(panel, "reset", { parameters: { ...mailer, after: 0 } })).json();
    expect(plan).toMatchObject({ title: "Move the consumer mailer to position 0", grave: true });
    expect(await confirmed(panel, "reset", { ...mailer, to: "end" })).toBe(200);
  });
});

test("a change of any kind takes a reason, which stands in the audit", async ({ store, application }) => {
  await knowMailer(application);
  const panel = studio(store, { role: "admin" });
  for (const [name, more] of [
    ["reset", { after: 0 }],
    ["pause", {}],
    ["resume", {}],
  ] as const)
    expect(await confirmed(panel, name, { ...mailer, ...more, reason: `why ${name}` })).toBe(200);
  const entries = await store.audit.list();
  expect(entries.map(({ action, reason }) => [action, reason])).toEqual([
    ["resume", "why resume"],
    ["pause", "why pause"],
    ["reset", "why reset"],
  ]);
  expect(entries[2]?.parameters).toEqual({ ...mailer, after: 0 });
  expect(await problem(change(panel, "reset", { parameters: { ...mailer, after: 0, reason: 7 } }))).toEqual([400, "bad-request"]);
});

// By the process that has a worker for the relay.
describe("a replay", () => {
  test("ends at the position that it was told, and is refused where that is before its beginning", async ({ application: store }) => {
    const replayed: (string | undefined)[] = [];
    const out = defineRelay({
      name: "out",
      to: {
        name: "memory",
        publish: async ({ key, headers }) => {
          if (headers["tidemark-replay"] === "true") replayed.push(key);
        },
        close: async () => {},
      },
    });
    await using worker = store.createWorker({ relays: [out] });
    await worker.start();
    for (const id of ["cart-1", "cart-2", "cart-3"]) await store.appendToStream(id, [{ type: "Opened", data: {} }]);
    const positions = (await store.readAll().toArray()).map(({ position }) => position);
    const panel = studio(store, { role: "admin" });
    const parameters = { name: "out", from: 1, until: positions[1], reason: "the broker lost them" };
    const plan: ChangePlan = await (await change(panel, "replay", { parameters })).json();
    expect(plan.title).toContain(`from position 1 to ${positions[1]}`);
    expect(await confirmed(panel, "replay", parameters)).toBe(200);
    await eventually(async () => expect(await store.audit.list()).toMatchObject([{ action: "replay", reason: "the broker lost them", state: "done" }]));
    expect(new Set(replayed)).toEqual(new Set(["cart-1", "cart-2"]));
    expect(await problem(change(panel, "replay", { parameters: { name: "out", from: 3, until: 2 } }))).toEqual([400, "bad-request"]);
  });

  test("goes on after the answer, and the audit says how it ended", async ({ application: store }) => {
    const published: boolean[] = [];
    const { promise: leave, resolve: letGo } = Promise.withResolvers<void>();
    const out = defineRelay({
      name: "out",
      filter: { categories: ["cart"] },
      to: {
        name: "memory",
        publish: async ({ headers }) => {
          const isReplay = headers["tidemark-replay"] === "true";
          if (isReplay) await leave;
          published.push(isReplay);
        },
        close: async () => {},
      },
    });
    const worker = store.createWorker({ relays: [out] });
    await worker.start();
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    await worker.caughtUp();
    const panel = studio(store, { role: "admin" });
    expect(await confirmed(panel, "replay", { name: "out", from: 1 })).toBe(200);
    const outcomes = async (): Promise<readonly string[]> => (await report<AuditPage>(panel, "/api/audit")).entries.map(({ state }) => state);
    expect(await outcomes()).toEqual(["begun"]);
    letGo();
    await eventually(async () => expect(await outcomes()).toEqual(["done"]));
    expect(published).toEqual([false, true]);
    await worker.stop();
  });

  test("of a relay that this process has no worker for fails, and says so in the audit", async ({ application, openStore }) => {
    const out = defineRelay({ name: "out", to: { name: "memory", publish: async () => {}, close: async () => {} } });
    const worker = application.createWorker({ relays: [out] });
    await worker.start();
    await worker.stop();
    const panel = studio(await openStore(), { role: "admin" });
    expect(await confirmed(panel, "replay", { name: "out", from: 1 })).toBe(200);
    await eventually(async () =>
      expect((await report<AuditPage>(panel, "/api/audit")).entries).toMatchObject([
        { state: "failed", error: expect.stringContaining("no worker of this store") },
      ]),
    );
  });
});

describe("roles", () => {
  const users: readonly (readonly [string, unknown, number, number, number])[] = [
    ["true", true, 200, 403, 403],
    ["a viewer", "viewer", 200, 403, 403],
    ["an operator", "operator", 200, 200, 403],
    ["an admin", { role: "admin", name: "ada" }, 200, 200, 200],
    ["no role", "root", 401, 401, 401],
    ["an object without one", { name: "ada" }, 401, 401, 401],
    ["a number", 1, 401, 401, 401],
    ["null", null, 401, 401, 401],
  ];

  test.for(users)("%s", async ([, answer, reads, pauses, resets], { store, application }) => {
    await knowMailer(application);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JavaScript may return
    const panel = studio(store, { authorize: () => answer as StudioUser });
    expect((await get(panel, "/api/streams")).status).toBe(reads);
    expect((await change(panel, "pause", { parameters: mailer })).status).toBe(pauses);
    expect((await change(panel, "reset", { parameters: { ...mailer, after: 0 } })).status).toBe(resets);
    expect((await get(panel, "/api/audit")).status).toBe(resets);
  });

  test("whoever has the token reads, unless the options say more", async ({ store, application }) => {
    await knowMailer(application);
    const reader = studio(store);
    expect(await report<SessionReport>(reader, "/api/session")).toEqual({ role: "viewer", name: null, changes: [] });
    expect(await problem(change(reader, "pause", { parameters: mailer }))).toEqual([403, "role-refused"]);
    const operator = await report<SessionReport>(studio(store, { role: "operator" }), "/api/session");
    expect(operator.changes).toContain("pause");
    expect(operator.changes).not.toContain("reset");
  });
});

describe("a change from elsewhere", () => {
  const refused: readonly (readonly [string, Record<string, string>, number, string])[] = [
    ["with no origin", { origin: "", "sec-fetch-site": "" }, 403, "origin-refused"],
    ["of another site", { origin: "http://evil.com" }, 403, "origin-refused"],
    ["of another port", { origin: "http://localhost:4984" }, 403, "origin-refused"],
    ["of a sandbox", { origin: "null" }, 403, "origin-refused"],
    ["that the browser says is another site's", { "sec-fetch-site": "cross-site" }, 403, "origin-refused"],
    ["that the browser says is of the same site", { "sec-fetch-site": "same-site" }, 403, "origin-refused"],
    ["by navigation", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, 403, "origin-refused"],
    ["to another host", { host: "evil.com" }, 403, "host-refused"],
    ["without the header", { "x-tidemark-studio": "" }, 403, "header-missing"],
    ["as a form", { "content-type": "application/x-www-form-urlencoded" }, 415, "not-json"],
    ["as JSON in plain text", { "content-type": "text/plain" }, 415, "not-json"],
    ["as JSON in several parts", { "content-type": "multipart/form-data; boundary=x" }, 415, "not-json"],
    ["as JSON and something", { "content-type": "application/json, text/plain" }, 415, "not-json"],
    ["without the token", { authorization: "" }, 401, "not-authorized"],
  ];

  test("is refused", async ({ store, application }) => {
    await knowMailer(application);
    const panel = studio(store, { role: "admin" });
    for (const [how, headers, status, code] of refused)
      expect([how, ...(await problem(change(panel, "pause", { parameters: mailer }, headers)))]).toEqual([how, status, code]);
    const bare = { "content-type": "application/json", "x-tidemark-studio": "change" };
    expect(await problem(get(panel, "/api/changes/pause", bare, { method: "POST", body: "{}" }))).toEqual([403, "origin-missing"]);
    for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await get(panel, "/api/changes/pause", { "x-http-method-override": "POST" }, { method });
      expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "POST"]);
    }
    expect(await store.readAll({ raw: true }).toArray()).toEqual([]);
  });

  test.for([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["parameters that are none", { parameters: 1 }],
    ["a kind that there is not", { parameters: { kind: "table", name: "mailer" } }],
    ["a name that is no text", { parameters: { kind: "consumer", name: { evil: 1 } } }],
    ["a name that is none", { parameters: JSON.parse('{"__proto__": {"name": "mailer"}, "kind": "consumer"}') }],
    ["bytes that are no text", "\ud800"],
  ] as const)("with %s is told that it is wrong", async ([, body], { store, application }) => {
    await knowMailer(application);
    expect(await problem(change(studio(store, { role: "admin" }), "pause", body))).toEqual([400, "bad-request"]);
  });
});

test("a change comes through servers of Node.js, with its body read before or not", async ({ store, application }) => {
  await knowMailer(application);
  await using served = await serveStudio(store, { role: "admin" });
  const send = async (root: URL, token: string): Promise<number> => {
    const headers = { origin: root.origin, authorization: `Bearer ${token}`, "content-type": "application/json", "x-tidemark-studio": "change" };
    const answer = await fetch(new URL("api/changes/pause", root), { method: "POST", headers, body: JSON.stringify({ parameters: mailer }) });
    return answer.status;
  };
  const url = new URL(served.url);
  expect(await send(new URL("/", url), url.searchParams.get("token") ?? "")).toBe(200);
  const panel = studio(store, { role: "admin", basePath: "/panel" });
  const server = express().use(express.json()).use("/panel", nodeHandler(panel)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await send(new URL(`http://localhost:${port}/panel/`), panel.token ?? "")).toBe(200);
  server.close();
});
