import { append, cancelTimer, command, complete, timer } from "tidemark";
import { scenario } from "tidemark/testing";
import { describe, expect, test } from "vitest";
import { ordering, payment, placed } from "../processes/order.ts";

const timedOut = { type: "PaymentTimedOut", data: {} } as const;
const received = { type: "PaymentReceived", data: { amount: 7 } } as const;
const order = { ...placed(7), streamId: "order-1" };

const checkout = ordering((event, state) => {
  switch (event.type) {
    case "OrderPlaced":
      return [
        command(
          payment,
          `payment-${event.streamId}`,
          { amount: event.data.amount },
          {
            orElse: (error, { seen }) => [append("notes-1", [{ type: "Refused", data: { why: String(error), seen } }]), complete()],
          },
        ),
        timer("payment", { in: 900_000 }, timedOut),
      ];
    case "PaymentReceived":
      return [cancelTimer("payment"), append("audit-1", [event]), complete()];
    default:
      return [append("notes-1", [{ type: "TimedOut", data: { seen: state.seen, at: event.recordedAt.toISOString(), instance: event.metadata["instance"] } }])];
  }
});

describe("a scenario of a process", () => {
  test("compares what an input leads to, whatever its orElse is", async () => {
    await expect(
      scenario(checkout)
        .given([])
        .when(order)
        .then([command(payment, "payment-order-1", { amount: 7 }), timer("payment", { in: 900_000 }, timedOut)]),
    ).resolves.toBeUndefined();
    await expect(
      scenario(checkout)
        .given([order])
        .when({ ...received, streamId: "order-1" })
        .then([cancelTimer("payment"), append("audit-1", [received]), complete()]),
    ).resolves.toBeUndefined();
  });

  test("fires a timer that is set, when it is due by its own clock", async () => {
    await expect(
      scenario(checkout)
        .given([order])
        .whenTimerFires("payment")
        .then([
          append("notes-1", [{ type: "TimedOut", data: { seen: ["OrderPlaced", "PaymentTimedOut"], at: "2000-01-01T00:15:02.000Z", instance: "order-1" } }]),
        ]),
    ).resolves.toBeUndefined();
  });

  test("knows no timer that was cancelled, or whose instance has ended", async () => {
    const ended = scenario(checkout).given([order, { ...received, streamId: "order-1" }]);
    await expect(ended.whenTimerFires("payment").then([])).rejects.toThrow('whenTimerFires names "payment", but no timer is set');
    await expect(scenario(checkout).given([order]).whenTimerFires("payments").then([])).rejects.toThrow("set are payment");
    const forgetful = ordering(({ type }) => [timer(type, { in: 1 }, timedOut), ...(type === "PaymentReceived" ? [complete()] : [])]);
    const over = scenario(forgetful).given([order, { ...received, streamId: "order-1" }]);
    for (const key of ["OrderPlaced", "PaymentReceived"]) await expect(over.whenTimerFires(key).then([])).rejects.toThrow("no timer is set");
  });

  test("goes on with the orElse of a command that is refused", async () => {
    await expect(
      scenario(checkout)
        .given([])
        .when(order)
        .whenRefused(payment, new Error("too much"))
        .then([append("notes-1", [{ type: "Refused", data: { why: "Error: too much", seen: ["OrderPlaced"] } }]), complete()]),
    ).resolves.toBeUndefined();
    await expect(scenario(checkout).given([order]).whenTimerFires("payment").whenRefused(payment, new Error()).then([])).rejects.toThrow("led to no command");
  });

  test("leads to nothing where an event is no input, or a late one", async () => {
    await expect(
      scenario(checkout)
        .given([order, { ...received, streamId: "order-1" }])
        .when({ ...received, streamId: "order-1" })
        .then([]),
    ).resolves.toBeUndefined();
    await expect(
      scenario(ordering(() => [complete()], { filter: { categories: ["order"] } }))
        .given([])
        .when({ ...order, streamId: "other-1" })
        .then([]),
    ).resolves.toBeUndefined();
  });

  test("fails with the difference", async () => {
    const reaction = scenario(checkout).given([]).when(order);
    const wrong = [command(payment, "payment-order-1", { amount: 8 }), timer("payment", { in: 900_000 }, timedOut)];
    await expect(reaction.then(wrong)).rejects.toMatchObject({
      name: "AssertionError",
      message: expect.stringContaining("The effects are others than expected"),
    });
    await expect(reaction.then([])).rejects.toThrow("others than expected");
  });

  test("fails with what the process threw, and with what a store would refuse", async () => {
    const throwing = ordering(() => {
      throw new Error("no way");
    });
    await expect(scenario(throwing).given([]).when(order).then([])).rejects.toThrow("no way");
    await expect(scenario(throwing).given([order]).when(order).then([])).rejects.toThrow("no way");
    const wrong = ordering(() => [append("notes-1", [{ type: "Noted", data: { at: new Date(0) } }])]);
    await expect(scenario(wrong).given([]).when(order).then([])).rejects.toThrow("react[0].events[0].data.at");
  });

  test("that is awaited without an expectation says so", () => {
    const reaction = scenario(checkout).given([]).when(order);
    // As `await` calls it.
    expect(() => Reflect.apply(reaction.then, reaction, [() => {}, () => {}])).toThrow("was awaited before it was told what to expect");
  });
});
