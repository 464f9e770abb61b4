import { EventTooLargeError } from "../errors/appending.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** Where a value stands that the library calls by its path in a call. */
export type Place = (path: string) => string;

/** Filters, whose flags can be given several times. */
const filters: Readonly<Record<string, string>> = { types: "--type", categories: "--category", streamIds: "--stream", tags: "--tag", data: "--data" };

/** `fromVersion` is `--from-version`. */
export function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `options.fromVersion` was given as `--from-version`. */
const inOptions: Place = (path) =>
  path
    .replace(/^options\.filter\.(\w+)(?:\[\d+\])?/, (whole, name: string) => filters[name] ?? whole)
    .replace(/^options\.(\w+)/, (_whole, name: string) => flagOf(name))
    .replace(/^entry\.(\w+)/, (_whole, name: string) => flagOf(name))
    .replace(/^query\.(\w+)/, (_whole, name: string) => flagOf(name))
    .replace(/^name$|^key\.consumer$/, "<consumer>")
    .replace(/^to$/, "<to>")
    .replace(/^key\.\w+$/, "<letter>")
    .replace(/^streamId$/, "<stream>")
    .replace(/^id$/, "--id");

/** The same refusal, with the place as it was written on the command line. Any other error is given back. */
export function inFlags(error: unknown, place: Place = inOptions): unknown {
  if (error instanceof InvalidArgumentError) return new InvalidArgumentError(place(error.path), error.message.slice(error.path.length + 1), { cause: error });
  if (error instanceof EventTooLargeError) return new EventTooLargeError(place(error.path), error.bytes, error.limit);
  return error;
}
