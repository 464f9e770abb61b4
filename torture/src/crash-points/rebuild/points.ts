import type { Message, Proxy, Side, Verdict } from "@tidemark/servers";

/** A message, by the statement that it belongs to: how many others come between does not matter. */
export interface StatementPoint {
  readonly side: Side;
  /** The protocol's name for it. */
  readonly name: string;
  /** The name of the prepared statement, or how its text begins. */
  readonly statement: string;
  /** Which one of these: 0, 1 … */
  readonly nth: number;
  /** A process can stand still before it: the driver sends a statement's messages up to Sync in one go, and so arrive all or none. */
  readonly halts: boolean;
}

/**
 * How a process breaks at a message, which does not arrive. `"cut"`: it loses this connection and goes on. `"killed"`: it loses all connections and
 * is gone. `"frozen"`: it stands still, and all its connections stay open.
 */
const ways = ["cut", "killed", "frozen"] as const;
export type Way = (typeof ways)[number];

/** Of a statement that a process sends again and again. */
const mostOfEach = 2;

/** Counts the messages of each statement. */
class Statements {
  readonly #current = new Map<number, string>();
  /** Connections whose client is in the middle of a statement's messages. */
  readonly #within = new Set<number>();
  readonly #seen = new Map<string, number>();

  point(side: Side, message: Message): StatementPoint {
    const halts = side === "backend" || !this.#within.has(message.connection);
    if (side === "frontend") {
      const begun = statementOf(message);
      if (begun !== undefined) this.#current.set(message.connection, begun);
      if (["Parse", "Bind", "Describe", "Execute", "Close", "Flush"].includes(message.name)) this.#within.add(message.connection);
      else this.#within.delete(message.connection);
    }
    const statement = this.#current.get(message.connection) ?? "connect";
    const key = `${side} ${message.name} ${statement}`;
    const nth = this.#seen.get(key) ?? 0;
    this.#seen.set(key, nth + 1);
    return { side, name: message.name, statement, nth, halts };
  }
}

function statementOf({ name, bytes }: Message): string | undefined {
  const textAt = (from: number): string => bytes.toString("utf8", from, bytes.indexOf(0, from));
  const first = name === "Parse" || name === "Bind" || name === "Query" ? textAt(5) : "";
  if (name === "Query") return beginningOf(first);
  if (name === "Parse") return first === "" ? beginningOf(textAt(6)) : first;
  // The first text of Bind is its portal.
  if (name === "Bind") return textAt(6 + Buffer.byteLength(first)) || undefined;
  return undefined;
}

function beginningOf(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 40);
}

/** How a process can break at a message. */
export function waysAt({ halts }: StatementPoint): readonly Way[] {
  return halts ? ways : ways.filter((way) => way !== "frozen");
}

/** Lists the messages of a process from now on. */
export function listPoints(proxy: Proxy): () => readonly StatementPoint[] {
  const statements = new Statements();
  const points: StatementPoint[] = [];
  const list =
    (side: Side) =>
    (message: Message): void => {
      const point = statements.point(side, message);
      if (point.nth < mostOfEach) points.push(point);
    };
  const forget = [proxy.on("frontend", list("frontend")), proxy.on("backend", list("backend"))];
  return () => {
    for (const each of forget) each();
    return points;
  };
}

/** Breaks the process behind the proxy at a message from now on. Resolves when that has come. */
export function strikeAt(proxy: Proxy, { side, name, statement, nth }: StatementPoint, way: Way): Promise<void> {
  const struck = Promise.withResolvers<void>();
  const statements = new Statements();
  const after: Verdict = way === "frozen" ? "swallow" : "drop-connection-before";
  let broken = false;
  const judge =
    (from: Side) =>
    (message: Message): Verdict => {
      if (broken) return way === "cut" ? "pass" : after;
      const found = statements.point(from, message);
      if (from !== side || found.name !== name || found.statement !== statement || found.nth !== nth) return "pass";
      broken = true;
      struck.resolve();
      if (way === "killed") void proxy.close();
      return after;
    };
  proxy.on("frontend", judge("frontend"));
  proxy.on("backend", judge("backend"));
  return struck.promise;
}

export function describePoint({ side, name, statement, nth }: StatementPoint): string {
  return `${side} ${name} ${nth + 1} of "${statement}"`;
}
