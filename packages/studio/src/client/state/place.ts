import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Parameters, searchOf } from "../../wire/questions.ts";

/** Where the studio is mounted: the server wrote it into the page. */
export const base: string = document.querySelector<HTMLMetaElement>('meta[name="tidemark-base"]')?.content ?? "";

const address = signal(new URL(location.href));

/** The path below the place where the studio is mounted. */
export const path: ReadonlySignal<string> = computed(() => address.value.pathname.slice(base.length) || "/");
export const query: ReadonlySignal<URLSearchParams> = computed(() => address.value.searchParams);

/** Whose pages these are: it goes along to every page and call. Empty: the store's own. */
export const tenant: ReadonlySignal<string> = computed(() => query.value.get("tenant") ?? "");

/** The address of a page. Everything in it is encoded, so that no name from the store can lead elsewhere. */
export function hrefOf(page: string, parameters: Parameters = {}): string {
  return `${base}${page}${queryOf(parameters)}`;
}

export function queryOf(parameters: Parameters): string {
  return searchOf({ tenant: tenant.value, ...parameters });
}

export function go(href: string): void {
  history.pushState(null, "", href);
  address.value = new URL(location.href);
  scrollTo(0, 0);
}

/** Changes what the address says of this page, so that it can be shared as it looks. It is no step to go back to. */
export function amend(parameters: Parameters): void {
  const next = Object.fromEntries(query.value);
  history.replaceState(null, "", hrefOf(path.value, { ...next, ...parameters }));
  address.value = new URL(location.href);
}

/** The token has become a cookie, and shall not stay where others see it. */
export function forgetToken(): void {
  if (query.value.has("token")) amend({ token: undefined });
}

addEventListener("popstate", () => (address.value = new URL(location.href)));
