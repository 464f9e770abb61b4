import { documentProjection, type DocumentProjection } from "../../src/index.ts";
import { describe, eventually, expect } from "../support/test.ts";
import { drivers } from "../contract/drivers.ts";

interface User {
  readonly email: string;
  readonly name: { readonly first: string; readonly last: string };
}

const users = (mode: "inline" | "async"): DocumentProjection<User> =>
  documentProjection<User>({
    name: "users",
    mode,
    collection: "users",
    handles: ["Registered"],
    indexes: [
      { path: "email", unique: true },
      { paths: ["name.last", "name.first"], unique: true },
    ],
    documentId: ({ streamId }) => streamId,
    evolve: (_document, { data }) => Object(data),
  });
const registered = (email: string, last = email): { readonly type: string; readonly data: User } => ({
  type: "Registered",
  data: { email, name: { first: "Ada", last } },
});

describe.for(drivers)("a document that a unique index refuses on $driver", ({ test }) => {
  const refused = (documentId: string, path: string): object => ({
    code: "PROJECTION_FAILED",
    projection: "users",
    type: "Registered",
    documentId,
    path,
    cause: { code: "DATABASE", sqlState: "23505" },
    message: expect.stringMatching(new RegExp(`the document "${documentId}" would have the same ${path}`)),
  });

  test("fails its append alone, with projection, document and path", async ({ open }) => {
    const store = await open({ projections: [users("inline")] });
    await store.appendToStream("user-1", [registered("ada@x")]);
    const one = store.appendToStream("user-2", [registered("ada@x", "Other")]);
    await expect(one).rejects.toMatchObject({ ...refused("user-2", "email"), streamId: "user-2" });
    await expect(store.appendToStream("user-2", [registered("bob@x", "ada@x")])).rejects.toMatchObject(refused("user-2", "name.last, name.first"));
    await store.forTenant("acme").appendToStream("user-2", [registered("ada@x")]);

    const several = [registered("cyd@x"), registered("ada@x"), registered("dan@x")].map((event, n) => ({ streamId: `user-${9 - n}`, events: [event] }));
    await expect(store.appendToStreams(several)).rejects.toMatchObject(refused("user-8", "email"));
    const burst = await Promise.allSettled(["eve@x", "ada@x", "flo@x", "gus@x"].map((email, n) => store.appendToStream(`late-${n}`, [registered(email)])));
    expect(burst.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(burst[1]).toMatchObject({ reason: refused("late-1", "email") });
  });

  test("is the later one of two in one append, and known in a transaction of the user's", async ({ open }) => {
    const store = await open({ projections: [users("inline")] });
    await store.transaction(async (tx) => {
      const twice = [
        { streamId: "z", events: [registered("ada@x")] },
        { streamId: "a", events: [registered("ada@x", "Other")] },
      ];
      // Streams are written in the order of their names.
      await expect(tx.appendToStreams(twice)).rejects.toMatchObject(refused("z", "email"));
      await tx.appendToStream("a", [registered("ada@x")]);
    });
    expect(await store.documents(users("inline")).count()).toBe(1);
  });

  test("stops an async projection, which tells it", async ({ open }) => {
    const store = await open({ projections: [users("async")] });
    await using worker = store.createWorker();
    await store.appendToStream("user-1", [registered("ada@x")]);
    await store.appendToStream("user-2", [registered("ada@x", "Other")]);
    await worker.start();
    await eventually(async () => expect(await store.projections.get("users")).toMatchObject({ state: "failed" }));
    const { lastError } = await store.projections.get("users");
    expect(lastError).toMatchObject({ code: "PROJECTION_FAILED", message: expect.stringContaining('the document "user-2" would have the same email') });
  });
});
