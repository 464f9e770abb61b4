import { oneOf } from "../arguments/checks.ts";

/** What a reader gets of events that the catalogue does not know: an error, nothing, or what is stored. */
export type UnknownEvents = "error" | "skip" | "pass";

export const checkUnknownEvents: (value: unknown, path: string) => UnknownEvents = oneOf("error", "skip", "pass");
