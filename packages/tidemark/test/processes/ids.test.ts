import { append, command, type Decider, type Event, type Process } from "tidemark";
import { ordering, placed } from "./order.ts";
import { expect, test } from "./test.ts";

/** Counts each command that it is given. */
const counting: Decider<number, object, Event<"Counted", object>> = {
  name: "counting",
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: () => [{ type: "Counted", data: {} }],
};

test("what a process issues has an id of its own for each process, instance, input, place and event, and writes once under each", async ({ store, start }) => {
  // All to the same streams: what had the id of another one would count as written already.
  const process = (name: string): Process =>
    ordering(
      () => [
        command(counting, "counted-1", {}),
        command(counting, "counted-1", {}),
        append("noted-1", [
          { type: "Noted", data: {} },
          { type: "Noted", data: {} },
        ]),
        append("noted-1", [{ type: "Noted", data: {} }]),
      ],
      { name },
    );
  await store.appendToStream("order-1", [placed(), placed()]);
  await store.appendToStream("order-2", [placed()]);
  const { worker, errors } = await start([process("ordering"), process("billing")]);
  await worker.caughtUp();
  const inputs = 2 * 3;
  const counted = await store.readStream("counted-1").toArray();
  const noted = await store.readStream("noted-1").toArray();
  expect([counted.length, noted.length]).toEqual([2 * inputs, 3 * inputs]);
  expect(new Set([...counted, ...noted].map(({ id }) => id)).size).toBe(5 * inputs);
  expect(errors).toEqual([]);
});
