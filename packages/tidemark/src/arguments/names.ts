import { InvalidArgumentError } from "../errors/errors.ts";
import { describeValue, quoteText } from "./describe-value.ts";

/** What a kind of name may be. Bytes are of UTF-8. */
interface NameRule {
  readonly what: string;
  readonly minBytes: number;
  readonly maxBytes: number;
}

const streamIdRule: NameRule = { what: "a stream id", minBytes: 1, maxBytes: 512 };
const eventTypeRule: NameRule = { what: "an event type", minBytes: 1, maxBytes: 256 };
const tagRule: NameRule = { what: "a tag", minBytes: 1, maxBytes: 256 };
const tenantRule: NameRule = { what: "a tenant", minBytes: 0, maxBytes: 128 };
const consumerRule: NameRule = { what: "a consumer's name", minBytes: 1, maxBytes: 256 };
const projectionRule: NameRule = { what: "a projection's name", minBytes: 1, maxBytes: 200 };
const processRule: NameRule = { what: "a process's name", minBytes: 1, maxBytes: 128 };
const relayRule: NameRule = { what: "a relay's name", minBytes: 1, maxBytes: 200 };
const messageKeyRule: NameRule = { what: "a message's key", minBytes: 1, maxBytes: 512 };
const messageIdRule: NameRule = { what: "a message's id", minBytes: 1, maxBytes: 512 };
const instanceRule: NameRule = { what: "the id of a process's instance", minBytes: 1, maxBytes: 512 };
const documentIdRule: NameRule = { what: "a document's id", minBytes: 1, maxBytes: 512 };
/** PostgreSQL cuts names at 63 bytes; behind this one come `__v`, up to ten digits of a version, and `_pkey`. */
const collectionRule: NameRule = { what: "a collection's name", minBytes: 1, maxBytes: 45 };
const deciderRule: NameRule = { what: "a decider's name", minBytes: 1, maxBytes: 256 };
const timerKeyRule: NameRule = { what: "a timer's key", minBytes: 1, maxBytes: 256 };
const reasonRule: NameRule = { what: "a reason", minBytes: 1, maxBytes: 1_000 };
const personRule: NameRule = { what: "who it was", minBytes: 1, maxBytes: 256 };
const actionRule: NameRule = { what: "an action", minBytes: 1, maxBytes: 256 };
/** A process's name and the id of its instance fit. */
const subjectRule: NameRule = { what: "a subject", minBytes: 1, maxBytes: 1_024 };
const roleRule: NameRule = { what: "a role", minBytes: 1, maxBytes: 256 };
const prefixRule: NameRule = { what: "the beginning of a stream id", minBytes: 0, maxBytes: 512 };
const categoryRule: NameRule = { what: "a category", minBytes: 0, maxBytes: 512 };
/** PostgreSQL cuts longer identifiers silently, so that two schemas could become one. */
const schemaRule: NameRule = { what: "a schema name", minBytes: 1, maxBytes: 63 };

const maxTags = 64;

/** Controls are refused everywhere: PostgreSQL refuses NUL, and `\x1e` and `\x1f` separate values on the wire. */
const control = /[\u0000-\u001f\u007f-\u009f]/;
/** One pass for the common case. A surrogate may still be half of a pair, which is fine. */
const controlOrSurrogate = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/;
/** With the u flag, pairs are one character and only halves match. */
const loneSurrogate = /\p{Surrogate}/u;

/** A stream id: 1–512 bytes of UTF-8, well-formed, no control characters. */
export function checkStreamId(value: unknown, path: string): string {
  return keeps(streamIdRule, value) ? value : refuse(streamIdRule, value, path);
}

/** An event type: 1–256 bytes. */
export function checkEventType(value: unknown, path: string): string {
  return keeps(eventTypeRule, value) ? value : refuse(eventTypeRule, value, path);
}

/** Whether `value` is a legal event type. The append's hot path asks this, and builds a path only for an error. */
export function isEventType(value: unknown): value is string {
  return keeps(eventTypeRule, value);
}

/** A tag: 1–256 bytes. */
export function checkTag(value: unknown, path: string): string {
  return keeps(tagRule, value) ? value : refuse(tagRule, value, path);
}

/** An event's tags: at most 64 of them. A tag given twice counts once: tags are a set. */
export function checkTags(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of tags, not ${describeValue(value)}`);
  if (value.length > maxTags) throw new InvalidArgumentError(path, `has ${value.length} tags; an event takes at most ${maxTags}`);
  const tags: string[] = [];
  for (let index = 0; index < value.length; index++) {
    const tag: unknown = value[index];
    if (!keeps(tagRule, tag)) return refuse(tagRule, tag, `${path}[${index}]`);
    if (!tags.includes(tag)) tags.push(tag);
  }
  return tags;
}

/** A tenant: at most 128 bytes; `""` is the store itself. */
export function checkTenant(value: unknown, path: string): string {
  return keeps(tenantRule, value) ? value : refuse(tenantRule, value, path);
}

/** The name of a consumer: 1–256 bytes. */
export function checkConsumerName(value: unknown, path: string): string {
  return keeps(consumerRule, value) ? value : refuse(consumerRule, value, path);
}

/** The name of a projection: 1–200 bytes. */
export function checkProjectionName(value: unknown, path: string): string {
  return keeps(projectionRule, value) ? value : refuse(projectionRule, value, path);
}

/** The name of a process: 1–128 bytes. */
export function checkProcessName(value: unknown, path: string): string {
  return keeps(processRule, value) ? value : refuse(processRule, value, path);
}

/** The name of a relay: 1–200 bytes. */
export function checkRelayName(value: unknown, path: string): string {
  return keeps(relayRule, value) ? value : refuse(relayRule, value, path);
}

/** The key of a message: 1–512 bytes, like a stream id. */
export function checkMessageKey(value: unknown, path: string): string {
  return keeps(messageKeyRule, value) ? value : refuse(messageKeyRule, value, path);
}

/** The id of a message that a broker delivered: 1–512 bytes. */
export function checkMessageId(value: unknown, path: string): string {
  return keeps(messageIdRule, value) ? value : refuse(messageIdRule, value, path);
}

/** The id of a process's instance: 1–512 bytes, like a stream id. */
export function checkInstanceId(value: unknown, path: string): string {
  return keeps(instanceRule, value) ? value : refuse(instanceRule, value, path);
}

/** The id of a document: 1–512 bytes, like a stream id. */
export function checkDocumentId(value: unknown, path: string): string {
  return keeps(documentIdRule, value) ? value : refuse(documentIdRule, value, path);
}

/** The name of a collection: 1–45 bytes. Any other character is fine: it is quoted. */
export function checkCollectionName(value: unknown, path: string): string {
  const name = keeps(collectionRule, value) ? value : refuse(collectionRule, value, path);
  if (/__v\d+$/.test(name)) {
    throw new InvalidArgumentError(path, `must not end with __v and digits, because the store names the tables of versions like that; got ${quoteText(name)}`);
  }
  if (/^(?:events_\d+|event_ids)$/.test(name))
    throw new InvalidArgumentError(path, `is a name that the store keeps for partitions of its log (events_ and digits, event_ids); got ${quoteText(name)}`);
  return name;
}

/** The name of a decider or an aggregate, which snapshots are kept under: 1–256 bytes. */
export function checkDeciderName(value: unknown, path: string): string {
  return keeps(deciderRule, value) ? value : refuse(deciderRule, value, path);
}

/** The key of a timer: 1–256 bytes. */
export function checkTimerKey(value: unknown, path: string): string {
  return keeps(timerKeyRule, value) ? value : refuse(timerKeyRule, value, path);
}

/** Why something was done: 1–1,000 bytes. */
export function checkReason(value: unknown, path: string): string {
  return keeps(reasonRule, value) ? value : refuse(reasonRule, value, path);
}

/** Who did something: 1–256 bytes. */
export function checkPerson(value: unknown, path: string): string {
  return keeps(personRule, value) ? value : refuse(personRule, value, path);
}

/** What was done: 1–256 bytes. */
export function checkAction(value: unknown, path: string): string {
  return keeps(actionRule, value) ? value : refuse(actionRule, value, path);
}

/** What it was done to: 1–1,024 bytes. */
export function checkSubject(value: unknown, path: string): string {
  return keeps(subjectRule, value) ? value : refuse(subjectRule, value, path);
}

/** What somebody may do: 1–256 bytes. */
export function checkRole(value: unknown, path: string): string {
  return keeps(roleRule, value) ? value : refuse(roleRule, value, path);
}

/** The beginning of stream ids: at most 512 bytes; `""` begins them all. */
export function checkPrefix(value: unknown, path: string): string {
  return keeps(prefixRule, value) ? value : refuse(prefixRule, value, path);
}

/** A category: what stands before the first `-` of a stream id, so it holds none itself. */
export function checkCategory(value: unknown, path: string): string {
  const category = keeps(categoryRule, value) ? value : refuse(categoryRule, value, path);
  if (category.includes("-")) throw new InvalidArgumentError(path, `holds a "-", but a category ends before the first one; got ${quoteText(category)}`);
  return category;
}

/** The name of a PostgreSQL schema: 1–63 bytes. Any other character is fine: the store quotes it. */
export function checkSchemaName(value: unknown, path: string): string {
  return keeps(schemaRule, value) ? value : refuse(schemaRule, value, path);
}

function keeps(rule: NameRule, value: unknown): value is string {
  if (typeof value !== "string" || value.length < rule.minBytes || value.length > rule.maxBytes) return false;
  if (controlOrSurrogate.test(value) && (control.test(value) || loneSurrogate.test(value))) return false;
  // One UTF-16 unit is at most three bytes, so short names need no count.
  return value.length * 3 <= rule.maxBytes || Buffer.byteLength(value) <= rule.maxBytes;
}

function refuse(rule: NameRule, value: unknown, path: string): never {
  throw new InvalidArgumentError(path, describe(rule, value));
}

function describe(rule: NameRule, value: unknown): string {
  if (typeof value !== "string") return `must be ${rule.what} (a string), not ${describeValue(value)}`;
  if (value === "") return `is empty; ${rule.what} has 1 to ${rule.maxBytes} bytes`;
  const at = value.search(control);
  if (at !== -1)
    return `holds the control character ${quoteText(value.charAt(at)).slice(1, -1)} at index ${at}; ${rule.what} must hold none; got ${quoteText(value)}`;
  if (loneSurrogate.test(value)) return `holds half of a surrogate pair, which UTF-8 cannot express; got ${quoteText(value)}`;
  return `is ${Buffer.byteLength(value)} bytes of UTF-8; ${rule.what} has ${rule.minBytes} to ${rule.maxBytes}; got ${quoteText(value)}`;
}
