import type { AppendCall } from "../../src/history/entry.ts";
import { describe, expect, test } from "vitest";
import { contentOf } from "../../src/history/content.ts";
import { shortId } from "../../src/history/short-id.ts";
import { digestOf } from "../../src/history/digest.ts";
import { broken, evidenceOf, id, Script, type Row } from "./evidence.ts";

/** What happened in every one of these histories: three events of two streams. */
const rows: readonly Row[] = [
  [1, 1, "cart-1", 1],
  [2, 2, "cart-1", 2],
  [5, 3, "order-1", 1],
];

function appendOf(how: string, streams: readonly string[]): AppendCall {
  return { kind: "append", how, parts: streams.map((stream, index) => ({ stream, expected: "any", ids: [id(90 + index)] })) };
}

/** As the server's log tells of one. */
function deadlockOf(...statements: readonly string[]): string {
  const ring = statements.map((name, index) => `\tProcess ${index + 1}: select /* ${name} */ "torture ""store""".called($1)`);
  return ["ERROR:  deadlock detected", "DETAIL:  Process 1 waits for ShareLock on transaction 4493; blocked by process 2.", ...ring].join("\n");
}

function written(): Script {
  return new Script()
    .append("cart-1", [1], [[1, 1, true]], "no-stream")
    .append("cart-1", [2], [[2, 2, false]], 1)
    .append("order-1", [3], [[1, 5, true]]);
}

/** Three events of one type. */
const [a = 0, b = 0, c = 0] = Array.from({ length: 50 }, (_, number) => 100 + number).filter((number) => contentOf(id(number)).type === "ItemAdded");

/** a and b, and a decision about their type that wrote c, or failed. Numbers above the mark are events. */
function decided({ mark, below, above }: { mark: number; below: number; above: readonly number[] }, written: boolean): Parameters<typeof evidenceOf> {
  const condition = { query: [{ types: ["ItemAdded"] }], mark, below, above: above.map((number) => shortId(id(number))) };
  const call = { kind: "append" as const, how: "append on a condition", parts: [{ stream: "order-1", expected: "any" as const, ids: [id(c)] }], condition };
  const script = new Script().append("cart-1", [a], [[1, 3, true]]).append("cart-2", [b], [[1, 5, true]]);
  script.call(call, written ? { kind: "append", results: [[1, 7, true]] } : { fail: "CONDITION_FAILED" });
  return [[script], [[3, a, "cart-1", 1], [5, b, "cart-2", 1], ...(written ? [[7, c, "order-1", 1] as const] : [])]];
}

const read = (...numbers: number[]) => ({ kind: "read" as const, events: numbers.map((number) => [number, shortId(id(number))] as const) });
const two = (first: string, second: string) => ({
  kind: "append" as const,
  how: "append to several streams",
  parts: [
    { stream: first, expected: "any" as const, ids: [id(1)] },
    { stream: second, expected: "any" as const, ids: [id(2)] },
  ],
});

/** A command that appended event 6 and says that its state is made of these. */
function tallied(numbers: readonly number[], events: number, told: "state" | "decided" = "state"): Parameters<Script["call"]> {
  const digest = numbers.reduce((sum, number) => digestOf(sum, id(number)), 0);
  return [
    { kind: "append", how: "command", parts: [{ stream: "tally-1", expected: "any", ids: [id(6)] }] },
    { kind: "append", results: [[2, 8, false]], [told]: { streams: [["tally-1", 2]], events, digest } },
  ];
}

describe("a history in which nothing is wrong", () => {
  test("breaks no invariant, with refusals, unknown outcomes and a death in it", () => {
    const other = new Script(1_000)
      .append("cart-1", [7], "fail", 1)
      .append("cart-1", [8], "unknown")
      .call({ kind: "read", stream: "cart-1", from: 1 }, read(1, 2))
      .follow(0, [
        [1, 1],
        [2, 2],
        [5, 3],
      ])
      .follow(1, [[5, 3]], "order")
      .append("cart-1", [9], undefined);
    expect(broken(evidenceOf([written(), other], rows))).toEqual([]);
  });

  test.for(["transaction", "two views of one client"])("allows a deadlock to end a transaction of the caller's: %s", (how) => {
    const ended = written().call(appendOf(how, ["a", "b"]), { fail: "DATABASE 40P01" });
    expect(broken(evidenceOf([ended], rows, { deadlocks: ["one"] }))).toEqual([]);
  });

  test.for(["tidemark_enter_append_joined", "tidemark_append_joined", "tidemark_lock_documents", "tidemark_publish_message"])(
    "allows a deadlock with a caller's transaction that was not told of it: %s",
    (statement) => {
      const cut = written().call(appendOf("transaction", ["a", "b"]), { fail: "CONNECTION" });
      expect(broken(evidenceOf([cut], rows, { deadlocks: [deadlockOf("tidemark_enter_append", statement)] }))).toEqual([]);
    },
  );

  test("allows a condition whose decision had seen all matches, and one that failed on another", () => {
    expect(broken(evidenceOf(...decided({ mark: 2, below: 0, above: [a, b] }, true)))).toEqual([]);
    expect(broken(evidenceOf(...decided({ mark: 4, below: 1, above: [b] }, true)))).toEqual([]);
    expect(broken(evidenceOf(...decided({ mark: 4, below: 1, above: [] }, false)))).toEqual([]);
  });

  test("allows an append of unknown outcome to be there, and a second try of it to tell where", () => {
    const script = new Script().append("cart-1", [1], "unknown").append("cart-1", [1], [[1, 1, true]]);
    expect(broken(evidenceOf([script], [[1, 1, "cart-1", 1]]))).toEqual([]);
  });
});

/** A history with something wrong in it, and what finds it. */
const anomalies: Readonly<Record<string, readonly [finds: string, evidence: () => Parameters<typeof evidenceOf>]>> = {
  "an acknowledged event is gone": ["L2", () => [[written().append("order-2", [4], [[1, 6, true]])], rows]],
  "a part of an append is there": ["L2", () => [[written().append("order-2", [4, 6], "unknown")], [...rows, [7, 4, "order-2", 1]]]],
  "a refused append is there": ["L2", () => [[written().append("order-2", [4], "fail")], [...rows, [7, 4, "order-2", 1]]]],
  "an event stands there twice": ["L2", () => [[written()], [...rows, [7, 3, "order-1", 2]]]],
  "an event is there that nobody sent": ["L2", () => [[written()], [...rows, [7, 4, "order-2", 1]]]],
  "an event came back altered": ["L2", () => [[written()], rows, { altered: [[id(1), "{}"]] }]],
  "a version is missing": ["L1", () => [[written().append("order-1", [4], "unknown")], [...rows, [7, 4, "order-1", 3]]]],
  "a version is below its predecessor in the log": ["L1", () => [[written().append("order-1", [4], "unknown")], [...rows, [3, 4, "order-1", 2]]]],
  "a read saw another event than the one that is there": ["L1", () => [[written().call({ kind: "read", stream: "cart-1", from: 2 }, read(3))], rows]],
  "two appends won the same version": [
    "L3",
    () => [
      [written().append("order-1", [4], [[2, 7, false]], 1), new Script().append("order-1", [6], [[2, 7, false]], 1)],
      [...rows, [7, 4, "order-1", 2], [8, 6, "order-1", 2]],
    ],
  ],
  "a conflict is none": [
    "L3",
    () => [
      [
        written().call(
          { kind: "append", how: "append to a stream", parts: [{ stream: "cart-1", expected: 2, ids: [id(4)] }] },
          { fail: "VERSION_CONFLICT", conflicts: [["cart-1", 2]] },
        ),
      ],
      rows,
    ],
  ],
  "a read does not see what was acknowledged before": ["L4", () => [[written().call({ kind: "read", stream: "cart-1", from: 1 }, read(1))], rows]],
  "a read sees what was sent later": [
    "L4",
    () => [
      [
        new Script()
          .append("cart-1", [1], [[1, 1, true]], "no-stream")
          .call({ kind: "read", stream: "cart-1", from: 1 }, read(1, 2))
          .append("cart-1", [2], [[2, 2, false]], 1),
      ],
      rows.slice(0, 2),
    ],
  ],
  "a snapshot sees one half of an append": [
    "L5",
    () => [
      [
        new Script(100).call(two("cart-1", "order-1"), {
          kind: "append",
          results: [
            [1, 1, true],
            [1, 2, true],
          ],
        }),
        new Script().call({ kind: "snapshot", streams: ["cart-1", "order-1"] }, { kind: "snapshot", versions: [1, 0] }),
      ],
      [
        [1, 1, "cart-1", 1],
        [2, 2, "order-1", 1],
      ],
    ],
  ],
  "a command's state lacks an event": ["K1", () => [[written().call(...tallied([1], 1))], [...rows, [7, 4, "tally-1", 1], [8, 6, "tally-1", 2]]]],
  "a command was decided on a state that lacks an event": [
    "K1",
    () => [[written().call(...tallied([6], 1, "decided"))], [...rows, [7, 4, "tally-1", 1], [8, 6, "tally-1", 2]]],
  ],
  "a command's state has its events in another order": [
    "K1",
    () => [[written().call(...tallied([6, 4], 2))], [...rows, [7, 4, "tally-1", 1], [8, 6, "tally-1", 2]]],
  ],
  "an account is overdrawn, and the sum is another": [
    "K2",
    () => [
      [1_000, 1_002, 1_004, 1_006].map((number, version) => new Script().append("account-1", [number], [[version + 1, 11 + version, version === 0]])),
      [1_000, 1_002, 1_004, 1_006].map((number, version): Row => [11 + version, number, "account-1", version + 1]),
    ],
  ],
  "there were deadlocks": ["L6", () => [[written()], rows, { deadlocks: ["one"] }]],
  "there was a deadlock among the store's own appends": [
    "L6",
    () => [[written()], rows, { deadlocks: [deadlockOf("tidemark_enter_append", "tidemark_append_batch")] }],
  ],
  "one append ended in a deadlock": ["L6", () => [[written().call(appendOf("append to several streams", ["a", "b"]), { fail: "DATABASE 40P01" })], rows]],
  "there were more deadlocks than callers' transactions that one ended": [
    "L6",
    () => [[written().call(appendOf("transaction", ["a", "b"]), { fail: "DATABASE 40P01" })], rows, { deadlocks: ["one", "another"] }],
  ],
  "a reply is another append's": ["L7", () => [[new Script().append("cart-1", [1], [[2, 2, false]]).append("cart-1", [2], [[1, 1, true]])], rows.slice(0, 2)]],
  "an append stands below one that had returned": [
    "L10",
    () => [
      [new Script().append("cart-1", [1], [[1, 9, true]]).append("order-1", [3], [[1, 5, true]])],
      [
        [5, 3, "order-1", 1],
        [9, 1, "cart-1", 1],
      ],
    ],
  ],
  "a checked stream was somewhere else": [
    "L3",
    () => [
      [
        written().call(
          {
            kind: "append",
            how: "append and check other streams",
            parts: [
              { stream: "order-1", expected: "any", ids: [id(4)] },
              { stream: "cart-1", expected: 1, ids: [] },
            ],
          },
          {
            kind: "append",
            results: [
              [2, 7, false],
              [1, 1, false],
            ],
          },
        ),
      ],
      [...rows, [7, 4, "order-1", 2]],
    ],
  ],
  "an append is refused for a neighbour's conflict": [
    "L11",
    () => [
      [
        written().call(
          { kind: "append", how: "append to a stream", parts: [{ stream: "cart-1", expected: "any", ids: [id(4)] }] },
          { fail: "VERSION_CONFLICT", conflicts: [["order-1", 1]] },
        ),
      ],
      rows,
    ],
  ],
  "a condition stands behind a match that it had not seen": ["L14", () => decided({ mark: 2, below: 0, above: [a] }, true)],
  "a condition's boundary passed a match that was not read": ["L14", () => decided({ mark: 6, below: 1, above: [] }, true)],
  "a condition failed on what it had seen": ["L14", () => decided({ mark: 2, below: 0, above: [a, b] }, false)],
  "what is beyond a limit is written": ["L12", () => [[misfit({ kind: "append", results: [[2, 7, false]] })], [...rows, [7, 4, "order-1", 2]]]],
  "what is beyond a limit is sent, and refused there": ["L12", () => [[misfit({ fail: "DATABASE 54000" })], rows]],
  "what is at a limit is refused": [
    "L12",
    () => [
      [written().call({ kind: "append", how: "append at a limit", parts: [{ stream: "cart-1", expected: "any", ids: [id(4)] }] }, { fail: "EVENT_TOO_LARGE" })],
      rows,
    ],
  ],
  "a process keeps what it has read": ["S13", () => [[closing(written(), 1_500)], rows]],
  "an error has no type": ["L9", () => [[untyped()], rows]],
  "an event can be changed": ["L13", () => [[written()], rows, { changes: ["TM004", "done", "TM004"] }]],
  "a follower skips an event": [
    "S1",
    () => [
      [
        written().follow(0, [
          [1, 1],
          [5, 3],
        ]),
      ],
      rows,
    ],
  ],
  "a follower with a filter skips an event": ["S1", () => [[written().follow(0, [[2, 2]], "cart")], rows]],
  "a follower is given an event twice": [
    "S1",
    () => [
      [
        written().follow(0, [
          [1, 1],
          [1, 1],
        ]),
      ],
      rows,
    ],
  ],
  "a follower is given events out of order": [
    "S1",
    () => [
      [
        written().follow(0, [
          [2, 2],
          [1, 1],
        ]),
      ],
      rows,
    ],
  ],
  "a follower is given what was rolled back": [
    "S1",
    () => [
      [
        written().follow(0, [
          [1, 1],
          [2, 2],
          [3, 4],
          [5, 3],
        ]),
      ],
      rows,
    ],
  ],
  "a fresh reader misses an event": ["S1", () => [[written()], rows, { read: [1, 5] }]],
  "the mark stays behind": ["S2", () => [[written()], rows, { highWaterMark: 2 }]],
  "somebody still holds the mark": ["S2", () => [[written()], rows, { blockers: 1 }]],
  "a migration is missing": ["M1", () => [[written()], rows, { migrations: [1, 3] }]],
  "verification finds a problem": ["H1", () => [[written()], rows, { verified: { events: 2, problems: ["no hash"] } }]],
  "a process ends with an error": ["C1", () => [[written()], rows, { farewells: [{ worker: 1, incarnation: 1, tookMs: 10, code: 1 }] }]],
  "a process never ends": ["C1", () => [[written()], rows, { farewells: [{ worker: 1, incarnation: 1, tookMs: 60_000, code: 0 }] }]],
  "a process ends and leaves a call unanswered": ["C1", () => [[closing(written().append("cart-1", [9], undefined))], rows]],
  "a session is left": ["C1", () => [[written()], rows, { sessions: ['7 of "tidemark", active'] }]],
  "a lock is left": ["C1", () => [[written()], rows, { locks: ["one"] }]],
};

function untyped(): Script {
  const script = written().append("cart-1", [9], undefined);
  script.entries.push({ t: "untyped", op: 3, at: 100, message: "TypeError: …" });
  return script;
}

function misfit(end: Parameters<Script["call"]>[1]): Script {
  const parts = [{ stream: "order-1", expected: "any" as const, ids: [id(4)] }];
  return written().call({ kind: "append", how: "append beyond a limit", parts, misfit: "10,001 events" }, end);
}

function closing(script: Script, peakMegabytes = 200): Script {
  script.entries.push({ t: "closed", op: 99, at: 1_000, peakMegabytes });
  return script;
}

describe("the checker finds that", () => {
  test.for(Object.entries(anomalies))("%s", ([, [finds, evidence]]) => {
    expect(broken(evidenceOf(...evidence()))).toContain(finds);
  });
});
