import { once } from "node:events";
import type { Socket } from "node:net";
import { MessageReader, type Message, type Side } from "./messages.ts";

/**
 * What becomes of a message.
 * `"pass"`: it goes on. `"swallow"`: neither it nor anything after it goes on, in either direction, and both ends stay open.
 * `"half-close"`: it and all behind it in its direction never arrive; the receiver is told that nothing more comes, and may go on
 * sending. `"drop-connection-before"`: both ends are closed and it never arrives. `"drop-connection-after"`: it arrives, then both are closed.
 */
export type Verdict = "pass" | "swallow" | "half-close" | "drop-connection-before" | "drop-connection-after";

export interface Connection {
  /** Closes both ends at once. */
  cut(): void;
}

/** Carries messages between a client and a server until one of them leaves. Calls `onClosed` when both ends are gone. */
export function carry(
  id: number,
  client: Socket,
  server: Socket,
  decide: (side: Side, message: Message) => Verdict | Promise<Verdict>,
  onClosed: () => void,
): Connection {
  let silent = false;
  let open = 2;

  function cut(): void {
    client.destroy();
    server.destroy();
  }

  /** Judges a message and acts on it. False when nothing more of this direction goes on. */
  async function pass(side: Side, message: Message, to: Socket, from: Socket): Promise<boolean> {
    const answer = decide(side, message);
    const verdict = typeof answer === "string" ? answer : await answer;
    if (silent || to.destroyed) return false;
    if (verdict === "swallow") silent = true;
    if (verdict === "half-close") to.end();
    if (verdict === "drop-connection-before") cut();
    if (verdict === "drop-connection-after") {
      // `end` sends the bytes, then the close; a reset could overtake bytes that the receiver has not read yet.
      to.end(message.bytes);
      from.destroy();
    }
    if (verdict !== "pass") return false;
    // Encryption is refused in the server's name: nobody could see a message inside it.
    if (message.name === "SSLRequest" || message.name === "GSSENCRequest") from.write("N");
    else if (!to.write(message.bytes)) await Promise.race([once(to, "drain"), once(to, "close")]);
    return true;
  }

  async function flow(side: Side, from: Socket, to: Socket): Promise<void> {
    const reader = new MessageReader(side, id);
    let goesOn = true;
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        if (!goesOn) continue;
        for (const message of reader.read(chunk)) {
          goesOn = await pass(side, message, to, from);
          if (!goesOn) break;
        }
      }
    } catch (error) {
      if (from.destroyed) return;
      // A rule threw, or this is another protocol. Nobody awaits a connection, so this ends the process or fails the test run.
      cut();
      throw error;
    }
    // Behind a silent connection, each end believes that the other is still there.
    if (!silent) to.end();
  }

  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on("close", () => {
      if (--open === 0) onClosed();
    });
    socket.on("error", () => {
      if (!silent) cut();
    });
  }
  void flow("frontend", client, server);
  void flow("backend", server, client);
  return { cut };
}
