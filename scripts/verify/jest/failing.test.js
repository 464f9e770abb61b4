// Every test here fails; scripts/verify/jest.test.ts looks at what jest says of it.
import { openTestStore, scenario } from "tidemark/testing";
import { enrol, seat, swap } from "./seat.js";

const taken = (by, more) => ({ type: "SeatTaken", data: { by }, ...more });

test("a decider", () => {
  scenario(seat)
    .given([])
    .when({ take: "ada" })
    .then([taken("bob")]);
});

test("a command over several streams", () => {
  scenario(swap)
    .given([taken("ada", { streamId: "seat-1" })])
    .when({ from: "seat-1", to: "seat-2" })
    .then([{ streamId: "seat-1", events: [{ type: "SeatFreed", data: {} }] }]);
});

test("a command by query", () => {
  scenario(enrol)
    .given([])
    .when({ room: "1", by: "bob" })
    .then([taken("bob", { tags: ["room:2"] })]);
});

test("a refusal that does not come", () => {
  scenario(seat).given([]).when({ take: "ada" }).thenThrows(/ada's/);
});

test("a test store", async () => {
  await using store = await openTestStore();
  await store.appendToStream("seat-1", [taken("ada")], { expectedVersion: 1 });
});
