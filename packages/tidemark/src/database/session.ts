import { type ConnectionQueue, connectionQueueOf } from "./connection-queue.ts";
import type { Session } from "./database.ts";
import { Unfinished } from "../async/unfinished.ts";

/** How one driver sends statements inside a transaction, each when its turn has come. */
export interface Sending extends Pick<Session, "client" | "query" | "userQuery" | "execute"> {
  /** Where it differs from `userQuery`. */
  readonly handlerQuery?: Session["handlerQuery"];
}

/** A session whose statements take turns with all others on the connection. */
export function createSession(queue: ConnectionQueue, sending: Sending): Session {
  const { handlerQuery = sending.userQuery } = sending;
  return {
    // PGlite takes note of each caller that asks for it.
    get client() {
      return sending.client;
    },
    query: (...call) => queue.take(() => sending.query(...call)),
    userQuery: (text, values) => queue.take(() => sending.userQuery(text, values)),
    handlerQuery: <Row>(text: string, values: readonly unknown[]) => queue.take(() => handlerQuery<Row>(text, values)),
    execute: (...call) => queue.take(() => sending.execute(...call)),
    alone: (work) => queue.alone((inner) => work(createSession(inner, sending))),
    withClient: (work) => queue.take(() => work(sending.client)),
    enlist: (work) => queue.enlist(work),
    settled: () => queue.settled(),
  };
}

/** The same on a client that takes turns for each statement itself: a statement that waited for its turn twice would wait for itself. */
export function createForwarding(queue: ConnectionQueue, sending: Sending): Session {
  const { handlerQuery = sending.userQuery } = sending;
  return {
    ...createSession(queue, sending),
    query: (...call) => queue.enlist(sending.query(...call)),
    userQuery: (text, values) => queue.enlist(sending.userQuery(text, values)),
    handlerQuery: <Row>(text: string, values: readonly unknown[]) => queue.enlist(handlerQuery<Row>(text, values)),
    execute: (...call) => queue.enlist(sending.execute(...call)),
    alone: (work) => queue.alone((inner) => work(createForwarding(inner, sending))),
  };
}

/** A session whose connection is found at the first use. */
export function lateSession(connection: () => object | Promise<object>, sending: Sending, create: typeof createSession): Session {
  let found: Promise<Session> | undefined;
  const unfinished = new Unfinished();
  const on = <T>(use: (session: Session) => Promise<T>): Promise<T> => {
    found ??= (async () => create(connectionQueueOf(await connection()), sending))();
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
    withClient: (work) => on((session) => session.withClient(work)),
    enlist: (work) => unfinished.add(work),
    settled: () => unfinished.settled(),
  };
}

/** Several statements as one message of the simple protocol. */
export function asScript(statements: string | readonly string[]): string {
  return typeof statements === "string" ? statements : statements.join("; ");
}
