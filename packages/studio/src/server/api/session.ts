import type { AuditPage, SessionReport } from "../../wire/changes.ts";
import { changesOf } from "../changes/desk.ts";
import type { Call } from "./call.ts";
import { limitOf, numberOf } from "./parameters.ts";

/** Who looks, so that no page offers what would be refused. */
export async function session({ user }: Call): Promise<SessionReport> {
  return { role: user.role, name: user.name ?? null, changes: changesOf(user.role) };
}

/** What was changed through the studio. */
export function audit({ audit: written, query, signal }: Call): Promise<AuditPage> {
  return written.read(numberOf(query, "before"), limitOf(query), signal);
}
