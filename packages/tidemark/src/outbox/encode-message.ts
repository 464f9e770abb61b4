import { JsonProblem } from "../arguments/json-problem.ts";
import { writeJson } from "../arguments/json.ts";
import { checkEventType, checkMessageKey } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkUuid } from "../arguments/uuid.ts";
import { EventTooLargeError } from "../errors/appending.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { checkHeaders } from "./headers.ts";
import type { NewMessage } from "./message.ts";

/** A message as it is sent to the database. */
export interface EncodedMessage {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  /** JSON. */
  readonly payload: string;
  /** JSON; null: none. */
  readonly headers: string | null;
}

export interface MessageSettings {
  readonly eventBytes: number;
  readonly createId: () => string;
}

const shape = {
  topic: checkEventType,
  key: checkMessageKey,
  headers: checkHeaders,
  id: checkUuid,
  payload: (value: unknown): { readonly value: unknown } => ({ value }),
};

/** @throws {@link InvalidArgumentError}, {@link EventTooLargeError} */
export function encodeMessage(message: NewMessage, { eventBytes, createId }: MessageSettings): EncodedMessage {
  if (!isRecord(message)) throw new InvalidArgumentError("message", `must be a message { topic, key, payload }, not ${describeValue(message)}`);
  const { topic, key, payload, headers, id } = checkOptions(message, shape, "message");
  if (topic === undefined) throw new InvalidArgumentError("message.topic", "is missing");
  if (key === undefined) throw new InvalidArgumentError("message.key", "is missing: messages with the same key are published in order");
  if (payload === undefined) throw new InvalidArgumentError("message.payload", "is missing; for a message without one, write null");
  const text = json(payload.value, eventBytes);
  const bytes = Buffer.byteLength(text);
  if (bytes > eventBytes) throw new EventTooLargeError("message.payload", bytes, eventBytes);
  return {
    id: id ?? checkUuid(createId(), "createId()"),
    topic,
    key,
    payload: text,
    headers: headers && Object.keys(headers).length > 0 ? JSON.stringify(headers) : null,
  };
}

function json(payload: unknown, eventBytes: number): string {
  try {
    return writeJson(payload, eventBytes);
  } catch (error) {
    const problem = JsonProblem.of(error);
    if (problem.excess !== undefined && problem.loop() === undefined) throw new EventTooLargeError("message.payload", eventBytes + problem.excess, eventBytes);
    throw problem.at("message.payload");
  }
}
