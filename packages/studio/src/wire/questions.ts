import { conditionsOf } from "./conditions.ts";

export type Parameters = Readonly<Record<string, string | number | undefined>>;

/** A call below `/api`, and what it is given. */
export type Question = readonly [call: string, parameters?: Parameters];

/** The end of an address: `"?a=b"`, or nothing. What is empty is left out. */
export function searchOf(parameters: Parameters): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return search === "" ? "" : `?${search}`;
}

/** How many events of a stream come at once. */
export const streamPageSize = 50;

export function streamsQuestion(query: URLSearchParams): Question {
  return ["streams", given(query, ["prefix", "category", "after"])];
}

export function streamQuestion(query: URLSearchParams): Question {
  const isNewest = query.get("order") !== "oldest";
  const at = Number(query.get("at")) || undefined;
  return ["stream", { id: text(query, "id"), direction: isNewest ? "backward" : "forward", limit: streamPageSize, [isNewest ? "to" : "from"]: at }];
}

export function stateQuestion(query: URLSearchParams): Question {
  const follows = query.get("follow") === "yes";
  return ["state", { id: text(query, "id"), version: follows ? undefined : text(query, "version") }];
}

export function eventQuestion(query: URLSearchParams): Question {
  return ["event", given(query, ["id"])];
}

export function documentsQuestion(query: URLSearchParams): Question {
  const conditions = conditionsOf(query.get("where"));
  const where = conditions.length === 0 ? "" : JSON.stringify(conditions);
  return ["documents", { collection: text(query, "collection"), where, after: text(query, "after") }];
}

export function documentQuestion(query: URLSearchParams): Question {
  return ["document", given(query, ["collection", "id"])];
}

export function processesQuestion(query: URLSearchParams): Question {
  return ["processes", given(query, ["status", "name", "after"])];
}

export function processQuestion(query: URLSearchParams): Question {
  return ["process", given(query, ["name", "id"])];
}

/** `due` and `key` are of the timer that the page before ended with. */
export function timersQuestion(query: URLSearchParams): Question {
  return ["timers", { limit: 20, afterDue: text(query, "due"), afterKey: text(query, "key") }];
}

export function deadLettersQuestion(query: URLSearchParams): Question {
  return ["dead-letters", given(query, ["consumer"])];
}

export function deadLetterQuestion(query: URLSearchParams): Question {
  const position = Number(query.get("position")) || 0;
  return ["dead-letter", { kind: query.get("kind") ?? "consumer", consumer: text(query, "id"), position }];
}

export function auditQuestion(query: URLSearchParams): Question {
  return ["audit", given(query, ["before", "subject", "actor"])];
}

function text(query: URLSearchParams, name: string): string {
  return query.get(name) ?? "";
}

function given(query: URLSearchParams, names: readonly string[]): Parameters {
  return Object.fromEntries(names.map((name) => [name, text(query, name)]));
}
