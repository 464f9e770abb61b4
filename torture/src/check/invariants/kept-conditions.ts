import { contentOf } from "../../history/content.ts";
import type { Condition } from "../../history/entry.ts";
import type { Invariant } from "../invariant.ts";
import { indexAfter, type Log, type LogEvent } from "../log.ts";

/** Matching events of a query, in the order of the log. */
class Matches {
  /** By a type, a tag, or both: an hour's decisions ask thousands of times for the same. */
  readonly #lists = new Map<string, LogEvent[]>();

  constructor(log: Log) {
    for (const event of log.events) {
      const { type, tags } = contentOf(event.id);
      this.#add(key(type, undefined), event);
      for (const tag of tags) {
        this.#add(key(undefined, tag), event);
        this.#add(key(type, tag), event);
      }
    }
  }

  of(query: Condition["query"]): readonly LogEvent[] {
    const lists = query.flatMap(({ types, tags }) => (types ?? [undefined]).map((type) => this.#having(type, tags)));
    const [only = [], ...others] = lists;
    return others.length === 0 ? only : [...new Set(lists.flat())].sort((a, b) => a.position - b.position);
  }

  #having(type: string | undefined, tags: readonly string[] = []): readonly LogEvent[] {
    const list = this.#lists.get(key(type, tags[0])) ?? [];
    return tags.length > 1 ? list.filter(({ id }) => tags.every((tag) => contentOf(id).tags.includes(tag))) : list;
  }

  #add(name: string, event: LogEvent): void {
    const list = this.#lists.get(name);
    if (list) list.push(event);
    else this.#lists.set(name, [event]);
  }
}

function key(type: string | undefined, tag: string | undefined): string {
  return `${type ?? ""} ${tag ?? ""}`;
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
      const found = matches.of(condition.query);
      const first = indexAfter(found, mark);
      /** The first match that the decision had not seen, from the mark on. */
      const unseen = (before = Number.POSITIVE_INFINITY): LogEvent | undefined => {
        for (let index = first; index < found.length; index++) {
          const event = found[index];
          if (!event || event.position >= before) return undefined;
          if (event.id !== id && !above.includes(event.short)) return event;
        }
        return undefined;
      };
      if (failed && !unseen()) anomaly(`${name} failed, and every match that is there had been seen`);
      if (!appended) continue;
      const until = appended.position <= mark && found.includes(appended) ? first - 1 : first;
      if (below !== undefined && until !== below) anomaly(`${name} had seen ${below} matches up to ${mark}, and there are ${until}`);
      const between = unseen(appended.position);
      if (between) anomaly(`${name} stands at ${appended.position}, behind ${between.id} at ${between.position}, which its decision had not seen`);
    }
  },
};
