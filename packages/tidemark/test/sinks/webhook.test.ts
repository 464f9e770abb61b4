import { type RelayDefinition } from "tidemark";
import { sinkContract } from "tidemark/testing";
import { webhook, type WebhookOptions } from "tidemark/webhook";
import { afterAll, test as plain } from "vitest";
import { retryAfterMs } from "../../src/sinks/retry-after.ts";
import { append, describe, eventually, expect, inOrder, test as base } from "../relays/test.ts";
import { type Endpoint, startEndpoint } from "./endpoint.ts";

/** The reference implementation, without its types. */
const reference: string = "standardwebhooks";
const { Webhook }: { readonly Webhook: new (secret: string) => { verify(body: string, headers: Readonly<Record<string, string>>): unknown } } = await import(
  reference
);

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const another = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;

const test = base.extend("endpoint", async ({}, { onCleanup }) => {
  const endpoint = await startEndpoint();
  onCleanup(() => endpoint[Symbol.asyncDispose]());
  return endpoint;
});

function ids({ received }: Endpoint): readonly (string | string[] | undefined)[] {
  return received.map(({ headers }) => headers["webhook-id"]);
}

/** One relay by which a worker posts to an endpoint. */
function posting(options: Partial<WebhookOptions> & Pick<WebhookOptions, "url">): Pick<RelayDefinition, "to"> {
  return { to: webhook({ secret, ...options }) };
}

describe("webhooks", () => {
  test("are signed as Standard Webhooks says, with each secret", async ({ store, start, endpoint }) => {
    await append(store, ["cart-1"]);
    const { worker } = await start(posting({ url: `${endpoint.url}/hooks`, secret: [secret, another], headers: { "X-Own": "1" } }));
    await worker.caughtUp();
    const [request] = endpoint.received;
    const [event] = await store.readAll().toArray();
    expect(request?.path).toBe("/hooks");
    expect(request?.headers).toMatchObject({
      "webhook-id": event?.id,
      "content-type": "application/cloudevents+json; charset=utf-8",
      "tidemark-position": `${event?.position}`,
      "x-own": "1",
    });
    const headers = Object.fromEntries(Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]));
    for (const one of [secret, another])
      expect(new Webhook(one).verify(request?.body.toString() ?? "", headers)).toMatchObject({ type: "ItemAdded", subject: "cart-1" });
    expect(() => new Webhook(`whsec_${Buffer.alloc(24, 1).toString("base64")}`).verify(request?.body.toString() ?? "", headers)).toThrow(
      "No matching signature",
    );
  });

  test("with a header that belongs to the connection are refused, and others go on", async ({ store, start, endpoint }) => {
    const names = ["connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
    await append(store, [...names.map((header) => `${header}-1`), "cart-1"]);
    const { worker } = await start({
      ...posting({ url: endpoint.url }),
      circuitBreaker: false,
      map: ({ category, streamId }) => ({ body: streamId, headers: category === "cart" ? {} : { [streamId.slice(0, -2)]: "3" } }),
    });
    await worker.caughtUp();
    expect(endpoint.received.map(({ body }) => body.toString())).toEqual(["cart-1"]);
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ event, error }) => [event.streamId, error?.code, error?.message.replace(/^.*?: /, "")])).toEqual(
      names.map((header) => [`${header}-1`, "MESSAGE_REFUSED", `its header "${header}" belongs to the connection. Give it another name.`]),
    );
  });

  test("to one endpoint wait until it answers, and no sooner than it asks; none is left out or overtaken", async ({ store, start, endpoint }) => {
    await append(store, ["cart-1", "cart-2"], 3);
    const answers = [503, "reset", 302, { status: 429, headers: { "retry-after": "1" } }] as const;
    let at = 0;
    let askedAt = 0;
    let waited = 0;
    endpoint.answer = () => {
      if (askedAt > 0 && waited === 0) waited = performance.now() - askedAt;
      const answer = answers[at++] ?? 200;
      if (typeof answer === "object") askedAt = performance.now();
      return answer;
    };
    const { worker, errors } = await start({ ...posting({ url: endpoint.url }), inFlight: 1 });
    await worker.caughtUp();
    expect(waited).toBeGreaterThanOrEqual(1_000);
    expect(errors).toMatchObject([{ code: "SINK_UNAVAILABLE", sink: "webhook", message: expect.stringContaining("answered 503") }]);
    const all = await store.readAll().toArray();
    const taken = endpoint.received.slice(answers.length);
    expect(new Set(taken.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(all.map(({ id }) => id)));
    expect(taken).toHaveLength(all.length);
    expect(await store.deadLetters.list()).toEqual([]);
  });

  test("are refused by an endpoint that will never take them", async ({ store, start, endpoint }) => {
    await append(store, ["cart-1", "cart-2"], 2);
    endpoint.answer = ({ body }) => (body.includes("cart-1") ? 422 : 204);
    const { worker } = await start(posting({ url: endpoint.url }));
    await worker.caughtUp();
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ state, error }) => [state, error?.message.replace(/.*: http/, "http")])).toEqual([
      ["failed", `${endpoint.url}/ answered 422.`],
      ["parked", undefined],
    ]);
  });

  test("to an endpoint that is down hold up no other: after its tries it is parked by itself", async ({ store, start, endpoint }) => {
    await using other = await startEndpoint();
    endpoint.answer = () => 500;
    await append(store, ["cart-1", "cart-2", "cart-3"], 2);
    const url = ({ streamId }: { readonly streamId: string }): string => (streamId === "cart-3" ? `${other.url}/hooks` : `${endpoint.url}/hooks?token=secret`);
    const { worker } = await start({ ...posting({ url }), retry: { attempts: 2, minDelayMs: 1, maxDelayMs: 1 } });
    await worker.caughtUp();
    expect(ids(other)).toHaveLength(2);
    // Both streams go there: they are one key.
    expect(endpoint.received).toHaveLength(2);
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ state }) => state)).toEqual(["failed", "parked", "parked", "parked"]);
    expect(letters[0]).toMatchObject({ attempts: 2, error: { code: "DESTINATION_UNAVAILABLE", message: expect.not.stringContaining("secret") } });
    endpoint.answer = () => 200;
    if (letters[0]) await store.deadLetters.retry(letters[0]);
    await eventually(async () => expect(await store.deadLetters.list({ kind: "relay" })).toEqual([]));
    const positions = endpoint.received.slice(2).map(({ headers }) => Number(headers["tidemark-position"]));
    expect(positions).toHaveLength(4);
    expect(inOrder(positions)).toBe(true);
  });

  test("that are not answered in time are tried again, with the same id and a signature of that time", async ({ store, start, endpoint }) => {
    await append(store, ["cart-1"]);
    endpoint.answer = () => (endpoint.received.length === 1 ? "none" : 200);
    const { worker, errors } = await start(posting({ url: endpoint.url, timeoutMs: 50 }));
    await worker.caughtUp();
    expect(new Set(ids(endpoint)).size).toBe(1);
    expect(endpoint.received.length).toBeGreaterThan(1);
    expect(errors[0]?.message).toContain("answered nothing for 50 ms");
  });
});

describe("a webhook sink keeps the contract of sinks", () => {
  let endpoint: Endpoint | undefined;
  sinkContract({
    test: plain,
    async open() {
      await endpoint?.[Symbol.asyncDispose]();
      endpoint = await startEndpoint();
      endpoint.answer = ({ headers }) => (headers["x-unacceptable"] ? 400 : 200);
      return webhook({ url: endpoint.url, secret });
    },
    received: async () =>
      (endpoint?.received ?? [])
        .filter(({ headers }) => !headers["x-unacceptable"])
        .map(({ headers, body }) => ({
          id: String(headers["webhook-id"]),
          body,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        })),
    unacceptable: (message) => ({ ...message, headers: { ...message.headers, "x-unacceptable": "1" } }),
  });
  afterAll(() => endpoint?.[Symbol.asyncDispose]());
});

describe("webhook", () => {
  const mistakes: readonly (readonly [string, object, string])[] = [
    ["no address", { secret }, "options.url is missing"],
    ["no secret", { url: "https://x.example" }, "options.secret is missing"],
    ["an address of another kind", { url: "ftp://x.example", secret }, "options.url must be an http or https URL"],
    ["an address with a password", { url: "https://a:b@x.example", secret }, "options.url must be an http or https URL without user name and password"],
    ["a short secret", { url: "https://x.example", secret: "whsec_dGVh" }, "options.secret must be whsec_ and 24 to 64 bytes in base64"],
    ["no secrets at all", { url: "https://x.example", secret: [] }, "options.secret is empty"],
    ["headers that none can have", { url: "https://x.example", secret, headers: { "a b": "c" } }, "options.headers holds a name or a value"],
    ["an option that it does not know", { url: "https://x.example", secret, timeout: 1 }, 'did you mean "timeoutMs"?'],
  ];
  for (const [what, options, message] of mistakes)
    plain(`refuses ${what}`, () => {
      expect(() => Reflect.apply(webhook, undefined, [options])).toThrow(message);
    });
  plain("a password without telling it", () => {
    expect(() => webhook({ url: "https://a:swordfish@x.example", secret })).toThrow(expect.not.stringContaining("swordfish"));
  });
});

plain("retry-after is seconds or a date", () => {
  const now = Date.parse("2026-11-29T10:00:00Z");
  expect(
    ["5", " 0 ", "Sun, 29 Nov 2026 10:00:30 GMT", "Sun, 29 Nov 2026 09:00:00 GMT", "soon", "99999999999", null].map((text) => retryAfterMs(text, now)),
  ).toEqual([5_000, 0, 30_000, 0, undefined, 2_147_483_647, undefined]);
});
