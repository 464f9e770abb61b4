import { readFile } from "node:fs/promises";
import {
  ConnectionError,
  DatabaseError,
  DestinationUnavailableError,
  EventTooLargeError,
  EventValidationError,
  InvalidArgumentError,
  NotFoundError,
  OutcomeUnknownError,
  PoolTimeoutError,
  QueueFullError,
  RequestRefusedError,
  StoreClosedError,
  TidemarkError,
  UnknownEventTypeError,
  VersionConflictError,
} from "tidemark";
import { problemOf, problemResponse } from "tidemark/http";
import { describe, expect, test } from "vitest";
import { problemAnswers } from "../../src/http/problem-answers.ts";

const errorPage = await readFile(new URL("../../../../docs/reference/errors.md", import.meta.url), "utf8");

describe("problemOf", () => {
  test("has the status of each code that the reference of errors shows", () => {
    const shown = Array.from(errorPage.matchAll(/^\| \[`([A-Z_]+)`\].* \| (\d{3})[^|]* \|$/gm), ([, code, status]) => [code, Number(status)]);
    expect(shown).toEqual(Object.entries(problemAnswers).map(([code, { status }]) => [code, status]));
    expect(shown.length).toBeGreaterThan(40);
  });

  test("leads to a part of that page", () => {
    for (const code of Object.keys(problemAnswers)) expect(errorPage).toContain(`\n## ${code}\n`);
    expect(problemOf(new StoreClosedError()).type).toMatch(/docs\/reference\/errors\.md#store_closed$/);
  });

  test.for([
    [new VersionConflictError([{ streamId: "cart-1", expected: 3, actual: 4 }]), { status: 412, title: "Changed meanwhile", actual: 4, retryable: false }],
    [new InvalidArgumentError("events[0].data.price", "is NaN"), { status: 400, detail: "events[0].data.price is NaN", path: "events[0].data.price" }],
    [
      new EventValidationError("ItemAdded", [{ path: "events[0].data.sku", message: "is missing" }]),
      { status: 422, issues: [{ path: "events[0].data.sku", message: "is missing" }] },
    ],
    [new UnknownEventTypeError("Gone", "not in the catalogue"), { status: 400 }],
    [new UnknownEventTypeError("Gone", "not in the catalogue", { position: 5 }), { status: 500 }],
    [new RequestRefusedError(415, "It is no JSON."), { status: 415, detail: "It is no JSON." }],
    [new NotFoundError("consumer", "mailer", "`tidemark consumers list` shows all."), { status: 404, detail: 'There is no consumer "mailer".' }],
    [new OutcomeUnknownError("lost", ["one"]), { status: 503, retryable: true, retryAfter: 1 }],
    [new OutcomeUnknownError("lost", []), { status: 503, retryable: false }],
    [new DatabaseError("locked", { sqlState: "55P03", retryable: true }), { status: 503, retryAfter: 1 }],
    [new DatabaseError("no such table", { sqlState: "42P01" }), { status: 500 }],
    [new DestinationUnavailableError({ sink: "webhook", destination: "x", retryAfterMs: 2_500 }, "busy"), { status: 503, retryAfter: 3 }],
    [new QueueFullError(10), { status: 503, retryAfter: 1 }],
    [new EventTooLargeError("events[0]", 20, 10), { status: 413, bytes: 20, limit: 10 }],
  ] as const)("answers %o as documented", ([error, expected]) => {
    const problem = problemOf(error);
    expect(problem).toMatchObject({ code: error.code, ...expected });
    expect("retryAfter" in problem).toBe(error.retryable);
  });

  test.for([
    new Error("boom at /srv/app.ts"),
    "text",
    undefined,
    null,
    new TidemarkError("OF_A_LATER_VERSION", "canary"),
    Object.assign(new Error("x"), { code: "NOT_FOUND" }),
  ])("says nothing of what it does not know: %o", (error) =>
    expect(problemOf(error)).toEqual({ type: "about:blank", title: "Internal server error", status: 500 }),
  );

  test("lets out no message, field, cause or stack that may hold something internal", () => {
    const canary = "canary-postgres://user:secret@db.internal:5432";
    const cause = new Error(canary);
    const leaky = [
      new DatabaseError(canary, { sqlState: "42501", table: canary, constraint: canary, cause }),
      new ConnectionError(canary, { sent: false, cause }),
      new OutcomeUnknownError(canary, [canary], { cause }),
      new PoolTimeoutError({ waitedMs: 1, max: 1, size: 1, waiting: 1, holders: [{ work: canary, heldMs: 1, idle: false, pid: 1 }] }, { cause }),
      new DestinationUnavailableError({ sink: canary, destination: canary }, canary, { cause }),
      new VersionConflictError([{ streamId: canary, expected: 1, actual: 2 }]),
      new UnknownEventTypeError(canary, canary, { position: 5 }),
      new RequestRefusedError(400, "no", { cause }),
      new NotFoundError("consumer", "mailer", canary),
    ];
    for (const error of leaky) expect(JSON.stringify(problemOf(error))).not.toContain("canary");
  });
});

describe("problemResponse", () => {
  test("is a document of problem details that no cache keeps, with Retry-After where trying again helps", async () => {
    const response = problemResponse(new QueueFullError(10));
    expect(response.status).toBe(503);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "retry-after": "1",
    });
    expect(await response.json()).toEqual(problemOf(new QueueFullError(10)));
    expect(problemResponse(new StoreClosedError()).headers.has("retry-after")).toBe(false);
  });
});
