// Run by jest, which gives every test file globals of its own: Node's errors are no instances of this file's Error.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executeCommand, handleCommand, isTidemarkError, openEventStore, VersionConflictError } from "tidemark";
import { openTestStore, scenario, storeContract } from "tidemark/testing";
import { enrol, seat, swap, takenSeats } from "./seat.js";

const taken = (by, more) => ({ type: "SeatTaken", data: { by }, ...more });

test("a decider", () => {
  scenario(seat)
    .given([])
    .when({ take: "ada" })
    .then([taken("ada")]);
  scenario(seat)
    .given([taken("ada")])
    .when({ take: "bob" })
    .thenThrows(/ada's/);
});

test("a command over several streams", () => {
  scenario(swap)
    .given([taken("ada", { streamId: "seat-1" })])
    .when({ from: "seat-1", to: "seat-2" })
    .then([
      { streamId: "seat-1", events: [{ type: "SeatFreed", data: {} }] },
      { streamId: "seat-2", events: [taken("ada")] },
    ]);
});

test("a command by query", () => {
  scenario(enrol)
    .given([taken("ada", { tags: ["room:1"] })])
    .when({ room: "1", by: "bob" })
    .thenThrows(RangeError);
  scenario(enrol)
    .given([taken("ada", { tags: ["room:2"] })])
    .when({ room: "1", by: "bob" })
    .then([taken("bob", { tags: ["room:1"] })]);
});

test("a projection", async () => {
  await scenario(takenSeats)
    .given([taken("ada", { streamId: "seat-1" })])
    .then({ "seat-1": { by: "ada" } });
});

test("a test store", async () => {
  const conflicts = [{ append: 1, events: [{ type: "SeatFreed", data: {} }] }];
  await using store = await openTestStore({ conflicts, now: () => new Date("2026-01-01T00:00:00Z"), projections: [takenSeats] });
  const result = await handleCommand(store, seat, "seat-1", { take: "ada" });
  expect(result).toMatchObject({ attempts: 2, version: 2 });
  expect(result.events[0].recordedAt).toEqual(new Date("2026-01-01T00:00:00Z"));
  await executeCommand(store, swap, { from: "seat-1", to: "seat-2" });
  await executeCommand(store, enrol, { room: "1", by: "eve" });
  expect(await store.readStream("seat-2").toArray()).toMatchObject([taken("ada")]);
  expect(await store.documents(takenSeats).get("seat-2")).toMatchObject({ by: "ada" });
  const conflict = await store.appendToStream("seat-1", [], { expectedVersion: 7 }).catch((error) => error);
  expect(conflict).toBeInstanceOf(VersionConflictError);
  expect(isTidemarkError(conflict, "VERSION_CONFLICT")).toBe(true);
});

test("a store in a folder, which has one holder at a time", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "tidemark-jest-"));
  const url = `file:${join(scratch, "data")}`;
  {
    await using store = await openEventStore(url);
    await store.appendToStream("seat-1", [taken("ada")]);
    await expect(openEventStore(url)).rejects.toMatchObject({ code: "STORE_LOCKED" });
  }
  await using store = await openEventStore(url);
  expect(await store.readStream("seat-1").toArray()).toHaveLength(1);
  await rm(scratch, { recursive: true });
});

storeContract({ test, open: openTestStore });
