import { contentOf } from "../../history/content.ts";
import type { Condition } from "../../history/entry.ts";
import type { Invariant } from "../invariant.ts";
import type { Log, LogEvent } from "../log.ts";

/** Matching events of a query, in the order of the log. */
class Matches {
  readonly #byTag = new Map<string, LogEvent[]>();
  readonly #byType = new Map<string, LogEvent[]>();

  constructor(log: Log) {
    for (const event of log.events) {
      const { type, tags } = contentOf(event.id);
      for (const tag of tags) pushTo(this.#byTag, tag, event);
      pushTo(this.#byType, type, event);
    }
  }

  of(query: Condition["query"]): readonly LogEvent[] {
    const found = new Set<LogEvent>();
    for (const { types, tags } of query) {
      const lists = tags ? [this.#byTag.get(tags[0] ?? "") ?? []] : (types ?? []).map((type) => this.#byType.get(type) ?? []);
      for (const event of lists.flat()) {
        const content = contentOf(event.id);
        if ((types?.includes(content.type) ?? true) && (tags?.every((tag) => content.tags.includes(tag)) ?? true)) found.add(event);
      }
    }
    return [...found].sort((a, b) => a.position - b.position);
  }
}

function pushTo(lists: Map<string, LogEvent[]>, key: string, event: LogEvent): void {
  const list = lists.get(key);
  if (list) list.push(event);
  else lists.set(key, [event]);
}

export const keptConditions: Invariant = {
  id: "L14",
  title: "Where a conditional append stands its decision had seen every match before it; one that failed had missed a match that is there",
  check({ log, histories }, { checked, anomaly }) {
    const matches = new Matches(log);
    for (const { name, call, condition, code, outcome } of histories.appends) {
      const id = call.parts[0]?.ids[0];
      if (!condition || id === undefined) continue;
      const { mark, below, above } = condition;
      const appended = log.byId.get(id);
      const failed = outcome === "fail" && code === "CONDITION_FAILED";
      if (!appended && !failed) continue;
      checked();
      const found = matches.of(condition.query).filter((event) => event.id !== id);
      const unseen = found.filter((event) => event.position > mark && !above.includes(event.short));
      if (failed && unseen.length === 0) anomaly(`${name} failed, and every match that is there had been seen`);
      if (!appended) continue;
      const until = found.filter(({ position }) => position <= mark).length;
      if (below !== undefined && until !== below) anomaly(`${name} had seen ${below} matches up to ${mark}, and there are ${until}`);
      const between = unseen.find(({ position }) => position < appended.position);
      if (between) anomaly(`${name} stands at ${appended.position}, behind ${between.id} at ${between.position}, which its decision had not seen`);
    }
  },
};
