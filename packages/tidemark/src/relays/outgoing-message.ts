import { describeValue } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import { checkMessageKey } from "../arguments/names.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import { checkHeaders, isPrintable } from "../outbox/headers.ts";
import type { DefinedRelay } from "./defined-relay.ts";
import type { RelayContext } from "./relay.ts";
import type { OutgoingMessage } from "./sink.ts";

/** What messages are made with. */
export interface MessageTools {
  readonly relay: DefinedRelay;
  readonly codec: Pick<EventCodec, "encode">;
}

/** The id that a receiver recognises a message by. */
export function messageId({ id, part }: Pick<RecordedEvent, "id" | "part">): string {
  return part === undefined ? id : `${id}/${part}`;
}

/** @throws {@link InvalidArgumentError} */
export function keyOf({ name, settings }: DefinedRelay, event: RecordedEvent): string {
  return checkMessageKey(settings.key(event), `key of the relay ${JSON.stringify(name)}`);
}

/**
 * The message of an event. Undefined: nothing is published.
 *
 * @param fence - Undefined in a replay, which is no shard's.
 * @param call - Asked for its signal where `map` asks for it.
 */
export async function outgoingMessage(
  { relay, codec }: MessageTools,
  event: RecordedEvent,
  key: string,
  fence: number | undefined,
  call: { readonly signal: AbortSignal },
): Promise<OutgoingMessage | undefined> {
  const context: RelayContext = {
    relay: relay.name,
    storedData: () => storedData(codec, event),
    get signal() {
      return call.signal;
    },
  };
  const mapped: unknown = await relay.settings.map(event, context);
  if (mapped === null) return undefined;
  const where = `map(${event.type})`;
  if (!isRecord(mapped)) throw new InvalidArgumentError(where, `must be a message { body } or null, not ${describeValue(mapped)}`);
  const { contentType = "application/json", headers, body } = mapped;
  if (!isPrintable(contentType)) throw new InvalidArgumentError(`${where}.contentType`, `must be printable ASCII, not ${describeValue(contentType)}`);
  return {
    id: messageId(event),
    key,
    contentType,
    headers: { ...(headers === undefined ? {} : checkHeaders(headers, `${where}.headers`)), ...ownHeaders(event, fence) },
    body: bytesOf(body, `${where}.body`),
    event,
  };
}

async function storedData({ encode }: Pick<EventCodec, "encode">, { type, data }: RecordedEvent): Promise<unknown> {
  if (!encode) return data;
  try {
    return (await encode(type, data, () => `data of ${type}`)).data;
  } catch (error) {
    // The catalogue passes events that it does not know on as they are stored.
    if (isTidemarkError(error, "UNKNOWN_EVENT_TYPE")) return data;
    throw error;
  }
}

function bytesOf(body: unknown, path: string): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string") return Buffer.from(body);
  const json: string | undefined = JSON.stringify(body);
  if (json === undefined) throw new InvalidArgumentError(path, `is ${describeValue(body)}, which is no JSON. To publish nothing, return null`);
  return Buffer.from(json);
}

function ownHeaders({ id, position, schemaVersion, metadata }: RecordedEvent, fence: number | undefined): Readonly<Record<string, string>> {
  const { traceparent, tracestate } = metadata;
  return {
    "tidemark-event-id": id,
    "tidemark-position": `${position}`,
    "tidemark-schema-version": `${schemaVersion}`,
    ...(fence === undefined ? { "tidemark-replay": "true" } : { "tidemark-fence": `${fence}` }),
    ...(isPrintable(traceparent) && traceparent !== "" && { traceparent }),
    ...(isPrintable(tracestate) && tracestate !== "" && { tracestate }),
  };
}
