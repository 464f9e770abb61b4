import type { PgClient } from "./pg-client.ts";
import type { PGliteQueryable } from "./pglite-client.ts";

/** Whether anybody else has sent a statement on a connection while something was under way there. */
export interface ForeignStatements {
  readonly seen: boolean;
  end(): void;
}

/** How many statements the library has sent on a client, through whatever object of its own. */
const sent = new WeakMap<object, number>();

export function noteSent(client: object): void {
  sent.set(client, sentOn(client) + 1);
}

function sentOn(client: object): number {
  return sent.get(client) ?? 0;
}

/** By the server's answers: there is one to each statement, and they come in order. Begin it when nothing is under way. */
export function watchPg(client: PgClient): ForeignStatements | undefined {
  const { connection } = client;
  if (!connection) return undefined;
  const before = sentOn(client);
  let answered = 0;
  const onReady = (): void => void answered++;
  connection.on("readyForQuery", onReady);
  return {
    get seen() {
      return answered > sentOn(client) - before;
    },
    end: () => connection.removeListener("readyForQuery", onReady),
  };
}

/** PGlite's transaction is an object of its own for each, so that its calls can be counted. */
export function watchPGlite(client: PGliteQueryable): ForeignStatements {
  const { query, exec } = client;
  const before = sentOn(client);
  let called = 0;
  client.query = (...call) => {
    called++;
    return query.apply(client, call);
  };
  client.exec = (...call) => {
    called++;
    return exec.apply(client, call);
  };
  return {
    get seen() {
      return called > sentOn(client) - before;
    },
    end: () => void Object.assign(client, { query, exec }),
  };
}
