import { isTidemarkError } from "tidemark";
import { etag, expectedVersionOf, idempotencyIds, problemOf, readJson } from "tidemark/http";
import { describe, expect, test } from "../support/test.ts";

const put = (headers: Record<string, string>, path = "/carts/1"): Request => new Request(`https://shop.example${path}`, { method: "PUT", headers });
const added = (sku: string): { type: string; data: { sku: string } } => ({ type: "ItemAdded", data: { sku } });

function refusal(work: () => unknown): number | undefined {
  try {
    work();
  } catch (error) {
    return isTidemarkError(error, "REQUEST_REFUSED") ? error.status : Number.NaN;
  }
  return undefined;
}

describe("expectedVersionOf", () => {
  test.for([
    [{ "if-match": '"7"' }, 7],
    [{ "if-match": ' "0" ' }, 0],
    [{ "if-match": "*" }, "stream-exists"],
    [{ "if-none-match": "*" }, "no-stream"],
    [{}, "any"],
  ] as const)("reads %o as %s", ([headers, expected]) => {
    expect(expectedVersionOf(put(headers))).toBe(expected);
    // As Express, Fastify and Nest have them.
    expect(expectedVersionOf({ headers })).toBe(expected);
  });

  test.for([
    [{ "if-match": 'W/"7"' }, 412],
    [{ "if-match": "7" }, 400],
    [{ "if-match": '"7", "8"' }, 400],
    [{ "if-match": '"-1"' }, 400],
    [{ "if-match": '"07"' }, 400],
    [{ "if-match": '"1e3"' }, 400],
    [{ "if-match": '"9007199254740993"' }, 400],
    [{ "if-match": "" }, 400],
    [{ "if-none-match": '"7"' }, 400],
    [{ "if-match": "*", "if-none-match": "*" }, 400],
  ] as const)("refuses %o with %i", ([headers, status]) => expect(refusal(() => expectedVersionOf({ headers }))).toBe(status));

  test("asks for one where it is required", () => {
    expect(refusal(() => expectedVersionOf(put({}), { required: true }))).toBe(428);
    expect(expectedVersionOf(put({ "if-match": '"3"' }), { required: true })).toBe(3);
  });

  test("takes what etag gave, and the append fails once another came between", async ({ store }) => {
    const first = await store.appendToStream("cart-1", [added("tea")]);
    const tag = etag(first);
    expect(tag).toBe('"1"');
    expect(etag(await store.streamInfo("cart-1"))).toBe(tag);
    expect(etag(await store.streamInfo("none"))).toBe('"0"');
    const second = await store.appendToStream("cart-1", [added("milk")], { expectedVersion: expectedVersionOf(put({ "if-match": tag })) });
    expect(etag(second)).toBe('"2"');
    const late = await store.appendToStream("cart-1", [added("jam")], { expectedVersion: expectedVersionOf(put({ "if-match": tag })) }).catch(problemOf);
    expect(late).toMatchObject({ status: 412, code: "VERSION_CONFLICT", actual: 2 });
  });
});

describe("idempotencyIds", () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
  const some = (request: Parameters<typeof idempotencyIds>[0], scope?: string): string[] =>
    idempotencyIds(request, scope === undefined ? {} : { scope })
      .assign([{}, {}])
      .map(({ id }) => id);

  test("gives the same ids to the same request, and others to any other", () => {
    const ids = some(put({ "idempotency-key": "k-1" }));
    expect(ids[0]).toMatch(uuid);
    // Written down: a change would make requests that come again new ones.
    expect(ids).toEqual(["5256b7ae-22e0-5e1a-b5fa-a2e562f0e5e2", "ca7683c9-696a-5d37-b79f-2e87e69c3f28"]);
    expect(some(put({ "idempotency-key": '"k-1"' }))).toEqual(ids);
    expect(some({ method: "PUT", url: "/carts/1?trace=2", headers: { "idempotency-key": "k-1" } })).toEqual(ids);
    const others = [
      some(put({ "idempotency-key": "k-2" })),
      some(put({ "idempotency-key": "k-1" }, "/carts/2")),
      some({ method: "POST", url: "/carts/1", headers: { "idempotency-key": "k-1" } }),
      some(put({ "idempotency-key": "k-1" }), "another user"),
    ];
    expect(new Set([ids, ...others].flat()).size).toBe(10);
    const [first, second] = idempotencyIds(put({ "idempotency-key": "k-1" }));
    expect([first, second]).toEqual(ids);
  });

  test("gives other ids to each path of a request, also where a router took a part of it away", () => {
    // Express cuts the path that a router is mounted at from `url`, and leaves `originalUrl` alone.
    const mounted = (at: string) => ({ method: "POST", url: "/42/items", originalUrl: `${at}/42/items?trace=2`, headers: { "idempotency-key": "k-1" } });
    expect(new Set([...some(mounted("/carts")), ...some(mounted("/orders"))]).size).toBe(4);
    expect(some(mounted("/carts"))).toEqual(some({ method: "POST", url: "/carts/42/items", headers: { "idempotency-key": "k-1" } }));
  });

  test("refuses to give ids a second time, but for the same events", async ({ store }) => {
    const append = (events: readonly { id: string; type: string; data: object }[]) => store.appendToStream("cart-3", events);
    for (const headers of [{ "idempotency-key": "twice" }, {}] as const) {
      const ids = idempotencyIds(put(headers));
      const events = [added("tea")];
      const first = await append(ids.assign(events));
      // As a try again does. It is stored once.
      expect(await append(ids.assign(events))).toMatchObject({ version: first.version });
      // These would be taken for a repetition of the first, and not be stored.
      expect(() => ids.assign([added("tea")])).toThrow("`assign` was called before for this request, with other events");
    }
    expect((await store.streamInfo("cart-3")).version).toBe(2);
  });

  test("gives each id once, to whoever iterates or assigns", () => {
    for (const headers of [{ "idempotency-key": "k-1" }, {}] as const) {
      const ids = idempotencyIds(put(headers));
      const [first] = ids;
      const events = [{}, {}];
      const assigned = ids.assign(events);
      const [last] = ids;
      expect(new Set([first, ...assigned.map(({ id }) => id), last]).size).toBe(4);
      expect(ids.assign(events)).toEqual(assigned);
    }
  });

  test("gives new ids without a key, unless it is required", () => {
    const request = put({});
    expect(new Set([...some(request), ...some(request)]).size).toBe(4);
    expect(idempotencyIds(request).key).toBeUndefined();
    expect(refusal(() => idempotencyIds(request, { required: true }))).toBe(400);
  });

  test.for(["", '""', "x".repeat(256), "ключ", "a\tb"])("refuses the key %j", (key) => {
    expect(refusal(() => idempotencyIds({ headers: { "idempotency-key": key } }))).toBe(400);
  });

  test("has a request that comes again stored once, and one with other content refused", async ({ store }) => {
    const send = (sku: string) => store.appendToStream("cart-2", idempotencyIds(put({ "idempotency-key": "again" })).assign([added(sku)]));
    expect(await send("tea")).toMatchObject({ version: 1, created: true });
    expect(await send("tea")).toMatchObject({ version: 1 });
    expect(await send("milk").catch(problemOf)).toMatchObject({ status: 422, code: "DUPLICATE_EVENT" });
    expect(await store.streamInfo("cart-2")).toMatchObject({ version: 1 });
  });
});

describe("readJson", () => {
  const post = (body: string | Uint8Array<ArrayBuffer> | ReadableStream | null, type = "application/json"): Request =>
    new Request("https://shop.example/", {
      method: "POST",
      body,
      headers: { "content-type": type },
      ...(body instanceof ReadableStream && { duplex: "half" }),
    });
  const status = async (request: Request, maxBytes = 100): Promise<unknown> =>
    await readJson(request, { maxBytes }).catch((error: unknown) => problemOf(error).status);

  test("reads JSON of any JSON type", async () => {
    expect(await readJson(post('{"sku":"tea"}'))).toEqual({ sku: "tea" });
    expect(await readJson(post("[1]", "application/cloudevents+json; charset=utf-8"))).toEqual([1]);
  });

  test("refuses what is no JSON, or is called something else", async () => {
    expect(await status(post("{"))).toBe(400);
    expect(await status(post(new Uint8Array([0x22, 0xff, 0x22])))).toBe(400);
    expect(await status(post(null))).toBe(400);
    expect(await status(post("{}", "text/plain"))).toBe(415);
    expect(await status(post("{}", "application/jsonp"))).toBe(415);
  });

  test("stops reading where the body is longer than it may be, and lies about it", async () => {
    expect(await status(post(`"${"x".repeat(98)}"`))).toBe("x".repeat(98));
    expect(await status(post(`"${"x".repeat(99)}"`))).toBe(413);
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(60));
      },
      cancel: () => void (cancelled = true),
    });
    expect(await status(post(endless))).toBe(413);
    expect(pulled).toBeLessThan(5);
    expect(cancelled).toBe(true);
  });
});
