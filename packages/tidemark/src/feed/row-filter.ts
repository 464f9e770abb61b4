import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { categoryOf, type JsonValue } from "../model/event.ts";
import type { ValidQueryItem } from "../read/filter.ts";
import { contains } from "../model/contains.ts";
import type { Wanted } from "./log-pages.ts";

/** A row of the log that several followers look at: what a filter needs of it is worked out once, when one asks. */
export class SharedRow {
  readonly row: TextRow;
  readonly position: number;
  readonly stream: number;
  #tags: readonly string[] | undefined;
  #data: JsonValue | undefined;

  constructor(row: TextRow) {
    this.row = row;
    this.position = toSafeInteger(row["position"]);
    this.stream = toSafeInteger(row["stream_number"]);
  }

  get streamId(): string {
    return this.row["stream_name"] ?? "";
  }

  get recordedAt(): number {
    return Number(this.row["recorded_at"]);
  }

  get tags(): readonly string[] {
    return (this.#tags ??= this.row["tags"] ? this.row["tags"].split("\u001f") : []);
  }

  /** For looking at alone: a follower that gets the event gets data of its own. */
  get data(): JsonValue {
    return (this.#data ??= JSON.parse(this.row["data"] ?? "null"));
  }
}

/** The filter of `filter-sql.ts` in JavaScript, for rows that were read for several followers at once. */
export function rowFilter({ tenant, filter, shard }: Wanted): (shared: SharedRow) => boolean {
  const items = filter?.map(itemFilter);
  return (shared) =>
    (tenant === undefined || shared.row["tenant"] === tenant) &&
    (!shard || shared.stream % shard.of === shard.index) &&
    (!items || items.some((matches) => matches(shared)));
}

function itemFilter({ types, categories, streamIds, tags, data, orNewer, prefix, since }: ValidQueryItem): (shared: SharedRow) => boolean {
  const [anyType, anyCategory, anyStream] = [types, categories, streamIds].map((names) => names && new Set<string | null | undefined>(names));
  const part: JsonValue | undefined = data === undefined ? undefined : JSON.parse(data);
  return (shared) =>
    (!anyType || anyType.has(shared.row["type"])) &&
    (!anyCategory || anyCategory.has(categoryOf(shared.streamId))) &&
    (!anyStream || anyStream.has(shared.streamId)) &&
    (prefix === undefined || shared.streamId.startsWith(prefix)) &&
    (!since || shared.recordedAt >= since.getTime()) &&
    (!tags || tags.every((tag) => shared.tags.includes(tag))) &&
    (part === undefined || (orNewer === true && Number(shared.row["schema_version"]) > 1) || contains(shared.data, part));
}
