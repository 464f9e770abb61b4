import { MessageRefusedError, type OutgoingMessage, type Sink } from "tidemark";
import { type ReceivedMessage, sinkContract, type SinkContract } from "tidemark/testing";
import { describe, expect, test } from "vitest";

/** A broker in memory, whose sink does what a broken one would. */
function broker(broken: Partial<Sink> = {}): Omit<SinkContract, "test"> {
  const stored: ReceivedMessage[] = [];
  const unacceptable = new WeakSet<object>();
  let up = true;
  const store = async (message: OutgoingMessage): Promise<void> => {
    if (!up) throw new Error("the broker is down");
    if (unacceptable.has(message.event)) throw new MessageRefusedError({ sink: "memory", messageId: message.id }, "it is not acceptable");
    stored.push(message);
  };
  return {
    open: async () => ({ name: "memory", publish: store, close: async () => {}, ...broken }),
    received: async () => stored,
    unacceptable(message) {
      unacceptable.add(message.event);
      return message;
    },
    restart: {
      kill: async () => void (up = false),
      start: async () => void (up = true),
    },
  };
}

describe("a sink that keeps its contract passes", () => {
  sinkContract({ test, ...broker() });
});

/** The laws that a sink breaks. */
async function brokenLaws(contract: Omit<SinkContract, "test">): Promise<readonly string[]> {
  const laws: { readonly name: string; readonly holds: () => Promise<void> }[] = [];
  sinkContract({ test: (name, holds) => void laws.push({ name, holds }), ...contract });
  const broken: string[] = [];
  for (const { name, holds } of laws) await holds().catch(() => void broken.push(name));
  return broken;
}

describe("a sink that breaks its contract fails", () => {
  test("where it acknowledges before the broker has the message", async () => {
    expect(await brokenLaws(broker({ publish: async () => {} }))).toHaveLength(7);
  });

  test("where it takes an outage for a refusal, or a refusal for an outage", async () => {
    const whole = broker();
    const sink = await whole.open();
    const swapped: Sink["publish"] = async (message, call) => {
      await sink.publish(message, call).catch((error: unknown) => {
        if (error instanceof MessageRefusedError) throw new Error("down");
        throw new MessageRefusedError({ sink: "memory", messageId: message.id }, "no");
      });
    };
    expect(await brokenLaws({ ...whole, open: async () => ({ ...sink, publish: swapped }) })).toEqual([
      "a message that the broker will never take is refused, and others are not",
      "a broker that is killed loses nothing that it acknowledged, and is used again",
    ]);
  });

  test("where it loses headers, or a second connection", async () => {
    const whole = broker();
    const sink = await whole.open();
    const bare: Sink["publish"] = (message, call) => sink.publish({ ...message, headers: {} }, call);
    expect(await brokenLaws({ ...whole, open: async () => ({ ...sink, publish: bare }) })).toEqual([
      "an acknowledged message is at the broker, with its id, its body and its headers",
    ]);
    const open = async (): Promise<Sink> => {
      let closed = false;
      return {
        ...sink,
        async publish(message, call) {
          if (closed) throw new Error("closed");
          await sink.publish(message, call);
        },
        close: async () => void (closed = true),
      };
    };
    expect(await brokenLaws({ ...whole, open })).toEqual(["a sink that was closed connects again"]);
  });
});
