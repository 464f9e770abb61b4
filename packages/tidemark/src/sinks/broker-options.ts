import type { ConnectionOptions } from "node:tls";
import { type Check, checkFunction } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { MessageRefusedError } from "../errors/relays.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { OutgoingMessage } from "../relays/sink.ts";

/** A name at the broker, or what makes it of the event. */
export type TextOf = string | ((event: RecordedEvent) => string);

export function textOrFunction(value: unknown, path: string): TextOf {
  if (typeof value === "string") return value;
  return checkFunction<(event: RecordedEvent) => string>(value, path);
}

/** `cart.CartConfirmed`; of a message of the outbox, which has no version, its topic. */
export function categoryAndType({ category, type, version }: RecordedEvent): string {
  return version === 0 ? type : `${category}.${type}`;
}

/** @throws {@link MessageRefusedError} */
export function textOf(sink: string, what: string, given: TextOf, { event, id }: OutgoingMessage): string {
  if (typeof given === "string") return given;
  const text: unknown = given(event);
  if (typeof text === "string") return text;
  throw new MessageRefusedError({ sink, messageId: id }, `its ${what} is ${describeValue(text)}, not a string`);
}

export function checkText(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new InvalidArgumentError(path, `must be a string, not ${describeValue(value)}`);
}

/** The address of a broker. No message tells what was given: it may hold a password. */
export function checkAddress(protocols: readonly string[]): Check<string> {
  const known = protocols.map((protocol) => `${protocol}//`).join(" or ");
  return (value, path) => {
    if (typeof value !== "string") throw new InvalidArgumentError(path, `must begin with ${known}, not ${describeValue(value)}`);
    if (!protocols.some((protocol) => value.startsWith(`${protocol}//`))) throw new InvalidArgumentError(path, `must begin with ${known}`);
    if (!isAddress(value)) throw new InvalidArgumentError(path, "is no address; a password in it must be percent-encoded");
    return value;
  };
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

export function checkTls(value: unknown, path: string): ConnectionOptions {
  if (isRecord(value)) return value;
  throw new InvalidArgumentError(path, `must be an object of options of tls.connect, not ${describeValue(value)}`);
}
