import type { Question } from "../../wire/questions.ts";
import type { StudioUser } from "../options.ts";
import type { Reader } from "./reader.ts";
import { routes } from "./routes.ts";

/**
 * Begins what a page will ask, and what is the same for all who ask, before the browser has the page: one after another, on one connection. What
 * fails is told to whoever asks.
 */
export async function beginReports(questions: readonly Question[], reader: Reader, user: StudioUser): Promise<void> {
  for (const [call] of questions) {
    const route = Object.hasOwn(routes, `/${call}`) ? routes[`/${call}`] : undefined;
    if (!route?.isShared) continue;
    await reader.read(route, { query: new URLSearchParams(), user, left: new AbortController().signal }).catch(() => {});
  }
}
