import { describeValue, quoteStep } from "../../arguments/describe-value.ts";
import { wholeNumber } from "../../arguments/checks.ts";
import { checkTags } from "../../arguments/names.ts";
import { checkOptions, isRecord, unknownKey } from "../../arguments/options.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { EventMetadata } from "../../model/event.ts";
import type { GoldenEntry } from "./golden-entry.ts";
import { sortedJson } from "../../arguments/sorted-json.ts";

/** The entries of one type, by version. */
export interface GoldenType {
  readonly type: string;
  readonly versions: ReadonlyMap<number, readonly GoldenEntry[]>;
}

const fileKeys = ["type", "versions"];
const entryKeys = ["stored", "event", "becomes"];
const placeShape = {
  id: checkText,
  streamId: checkText,
  tenant: checkText,
  version: wholeNumber(1),
  position: wholeNumber(1),
  recordedAt: checkMoment,
  metadata: checkMetadata,
  tags: checkTags,
};

/** @throws {@link InvalidArgumentError} — at `path`, for a text that is no golden file. */
export function parseGoldenFile(text: string, path: string): GoldenType {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError(path, `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { type, versions } = fieldsOf(file, fileKeys, path, "a golden file");
  if (typeof type !== "string") throw new InvalidArgumentError(`${path}.type`, `must be the name of an event type, not ${describeValue(type)}`);
  const parsed = Object.entries(recordAt(versions, `${path}.versions`)).map(([version, entries]) => {
    const at = `${path}.versions${quoteStep(version)}`;
    if (!/^[1-9]\d{0,4}$/.test(version)) throw new InvalidArgumentError(at, "is no version of an event's shape, such as 1");
    if (!Array.isArray(entries)) throw new InvalidArgumentError(at, `must be an array of { stored, becomes }, not ${describeValue(entries)}`);
    return [Number(version), entries.map((entry: unknown, n) => parseEntry(entry, at + quoteStep(n)))] as const;
  });
  return { type, versions: new Map(parsed) };
}

function parseEntry(value: unknown, path: string): GoldenEntry {
  const { stored, event, becomes } = fieldsOf(value, entryKeys, path, "a golden entry");
  if (stored === undefined) throw new InvalidArgumentError(`${path}.stored`, "is missing: write the event's data as it is stored");
  if (becomes !== undefined && !Array.isArray(becomes)) throw new InvalidArgumentError(`${path}.becomes`, `must be an array, not ${describeValue(becomes)}`);
  const parts = becomes?.map((part: unknown, n) => {
    const { type, schemaVersion, data } = recordAt(part, `${path}.becomes[${n}]`);
    return { type: String(type), schemaVersion: Number(schemaVersion), data };
  });
  return { stored, ...(event !== undefined && { event: checkOptions(event, placeShape, `${path}.event`) }), ...(parts && { becomes: parts }) };
}

function checkText(value: unknown, path: string): string {
  if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a string, not ${describeValue(value)}`);
  return value;
}

/** Without a zone it would depend on the machine. */
function checkMoment(value: unknown, path: string): string {
  const text = checkText(value, path);
  if (!/(?:Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError(path, `must be a time with its zone, such as "2026-11-20T10:00:00Z", not ${describeValue(value)}`);
  return text;
}

function checkMetadata(value: unknown, path: string): EventMetadata {
  const metadata: EventMetadata = JSON.parse(JSON.stringify(recordAt(value, path)));
  return metadata;
}

function fieldsOf(value: unknown, known: readonly string[], path: string, what: string): Readonly<Record<string, unknown>> {
  const record = recordAt(value, path);
  for (const key of Object.keys(record)) if (!known.includes(key)) throw unknownKey(path, key, known, `is not a part of ${what}`);
  return record;
}

function recordAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw new InvalidArgumentError(path, `must be an object, not ${describeValue(value)}`);
}

/** Versions and keys in their order, so that a file changes only where events do. Entries stay in the order in which they came. */
export function goldenFileText({ type, versions }: GoldenType): string {
  const sorted = [...versions].filter(([, entries]) => entries.length > 0).toSorted(([a], [b]) => a - b);
  const file = {
    type,
    versions: Object.fromEntries(
      sorted.map(([version, entries]) => [
        version,
        entries.map(({ stored, event, becomes }) => ({ stored: sortedJson(stored), ...(event && { event: sortedJson(event) }), becomes })),
      ]),
    ),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}
