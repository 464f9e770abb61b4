import { changeHeader } from "../../wire/changes.ts";
import type { Refusal } from "./guard.ts";

/**
 * What a change has to bring besides a host and an origin that fit: that it comes from a page at all, a header that needs the leave of the server when
 * another site sends it, and JSON, which no form can send.
 */
export function changeRefusal(headers: Headers): Refusal | undefined {
  if (headers.get("origin") === null && headers.get("sec-fetch-site") !== "same-origin")
    return refused(403, "origin-missing", "A change has to say where it comes from, in the header Origin.");
  if (headers.get(changeHeader.name) !== changeHeader.value)
    return refused(403, "header-missing", `A change carries the header ${changeHeader.name}: ${changeHeader.value}.`);
  if (!/^application\/json(;\s*charset=utf-8)?$/i.test(headers.get("content-type") ?? ""))
    return refused(415, "not-json", "A change is sent as application/json.");
  return undefined;
}

function refused(status: 403 | 415, code: string, detail: string): Refusal {
  return { status, code, title: status === 403 ? "Forbidden" : "Unsupported media type", detail };
}
