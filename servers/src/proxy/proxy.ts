import { once } from "node:events";
import { connect, createServer } from "node:net";
import { listen } from "../port.ts";
import { carry, type Connection, type Verdict } from "./connection.ts";
import type { Message, Side } from "./messages.ts";

/** Judges a message. A promise holds it, and all behind it in its direction, until it resolves; no answer is `"pass"`. */
export type Rule = (message: Message) => Verdict | undefined | void | Promise<Verdict | undefined | void>;

/** Stands between clients and a PostgreSQL server, sees every message, and breaks what its rules tell it to. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** The url of the same database through this proxy. */
  through(url: string): string;
  /** Adds a rule for what clients (`"frontend"`) or the server (`"backend"`) send. Of several rules, the first verdict other than `"pass"` counts. Returns the way to remove it. */
  on(side: Side, rule: Rule): () => void;
  /** How many connections are open, silent ones included. */
  connections(): number;
  /** New connections go to the server at this port: it took over from the one before. Those that are open stay. */
  aim(port: number): void;
  /** Closes every connection; new ones are welcome. */
  cutAll(): void;
  /**
   * Closes every connection, and each new one at once. The port stays: once `close` has freed it, another proxy may get it, and a client that is thought
   * dead and tries again would reach the server behind that one.
   */
  refuseAll(): void;
  /** Closes every connection and the port. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startProxy({ port: first }: { readonly port: number }): Promise<Proxy> {
  let target = first;
  const rules: Record<Side, Set<Rule>> = { frontend: new Set(), backend: new Set() };
  const connections = new Set<Connection>();
  let opened = 0;
  let refusing = false;

  async function decide(side: Side, message: Message): Promise<Verdict> {
    for (const rule of rules[side]) {
      const verdict = (await rule(message)) ?? "pass";
      if (verdict !== "pass") return verdict;
    }
    return "pass";
  }

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (refusing) return void client.destroy();
    const server = connect({ host: "127.0.0.1", port: target, allowHalfOpen: true });
    const judge = (side: Side, message: Message): Verdict | Promise<Verdict> => (rules[side].size === 0 ? "pass" : decide(side, message));
    const connection = carry(opened++, client, server, judge, () => connections.delete(connection));
    connections.add(connection);
  });
  const port = await listen(listener);

  function cutAll(): void {
    for (const connection of connections) connection.cut();
  }
  async function close(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, "close");
    listener.close();
    cutAll();
    await closed;
  }
  return {
    port,
    through(url) {
      const changed = new URL(url);
      changed.port = `${port}`;
      return changed.href;
    },
    on(side, rule) {
      rules[side].add(rule);
      return () => {
        rules[side].delete(rule);
      };
    },
    aim(port) {
      target = port;
    },
    connections: () => connections.size,
    cutAll,
    refuseAll() {
      refusing = true;
      cutAll();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
