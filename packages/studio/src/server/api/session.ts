import type { SessionReport } from "../../wire/changes.ts";
import { changesOf } from "../changes/desk.ts";
import type { Call } from "./call.ts";

/** Who looks, so that no page offers what would be refused. */
export async function session({ user }: Call): Promise<SessionReport> {
  return { role: user.role, name: user.name ?? null, changes: changesOf(user.role) };
}
