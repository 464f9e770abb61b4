import { type ConnectionTurns, turnsOf } from "./connection-turns.ts";
import type { Session } from "./database.ts";
import { Unfinished } from "../async/unfinished.ts";

/** How one driver sends statements inside a transaction, each when its turn has come. */
export interface Sending extends Pick<Session, "client" | "query" | "userQuery" | "execute"> {
  /** Where it differs from `userQuery`. */
  readonly handlerQuery?: Session["handlerQuery"];
}

/** A session whose statements take turns with all others on the connection. */
export function createSession(turns: ConnectionTurns, sending: Sending): Session {
  const { handlerQuery = sending.userQuery } = sending;
  return {
    // PGlite takes note of whoever asks for it.
    get client() {
      return sending.client;
    },
    query: (...call) => turns.take(() => sending.query(...call)),
    userQuery: (text, values) => turns.take(() => sending.userQuery(text, values)),
    handlerQuery: <Row>(text: string, values: readonly unknown[]) => turns.take(() => handlerQuery<Row>(text, values)),
    execute: (...call) => turns.take(() => sending.execute(...call)),
    alone: (work) => turns.alone((inner) => work(createSession(inner, sending))),
    turn: (work) => turns.take(() => work(sending.client)),
    enlist: (work) => turns.enlist(work),
    settled: () => turns.settled(),
  };
}

/** The same on a client that takes turns for each statement itself: a statement that waited for its turn twice would wait for itself. */
export function createForwarding(turns: ConnectionTurns, sending: Sending): Session {
  const { handlerQuery = sending.userQuery } = sending;
  return {
    ...createSession(turns, sending),
    query: (...call) => turns.enlist(sending.query(...call)),
    userQuery: (text, values) => turns.enlist(sending.userQuery(text, values)),
    handlerQuery: <Row>(text: string, values: readonly unknown[]) => turns.enlist(handlerQuery<Row>(text, values)),
    execute: (...call) => turns.enlist(sending.execute(...call)),
    alone: (work) => turns.alone((inner) => work(createForwarding(inner, sending))),
  };
}

/** A session whose connection is found at the first use. */
export function lateSession(connection: () => object | Promise<object>, sending: Sending, create: typeof createSession): Session {
  let found: Promise<Session> | undefined;
  const unfinished = new Unfinished();
  const on = <T>(use: (session: Session) => Promise<T>): Promise<T> => {
    found ??= (async () => create(turnsOf(await connection()), sending))();
    return unfinished.add(found.then(use));
  };
  return {
    get client() {
      return sending.client;
    },
    query: (...call) => on((session) => session.query(...call)),
    userQuery: <Row>(text: string, values: readonly unknown[]) => on((session) => session.userQuery<Row>(text, values)),
    handlerQuery: <Row>(text: string, values: readonly unknown[]) => on((session) => session.handlerQuery<Row>(text, values)),
    execute: (...call) => on((session) => session.execute(...call)),
    alone: (work) => on((session) => session.alone(work)),
    turn: (work) => on((session) => session.turn(work)),
    enlist: (work) => unfinished.add(work),
    settled: () => unfinished.settled(),
  };
}

/** Several statements as one message of the simple protocol. */
export function asScript(statements: string | readonly string[]): string {
  return typeof statements === "string" ? statements : statements.join("; ");
}
