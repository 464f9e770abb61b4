import { signal } from "@preact/signals";
import type { SessionReport } from "../../wire/changes.ts";
import { apiOf, ask } from "./ask.ts";

/** Who looks; undefined until the server has said it. */
export const session = signal<SessionReport | undefined>(undefined);

/** Until it is known, no change is offered. A page that cannot ask says itself what is wrong. */
export async function loadSession(): Promise<void> {
  session.value = await ask<SessionReport>(apiOf("session"), new AbortController().signal).catch(() => undefined);
}

export function may(change: string): boolean {
  return session.value?.changes.includes(change) === true;
}
