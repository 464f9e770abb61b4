/**
 * Whether another site sent this request from somebody's browser. A link that leads to a page is no harm: a page holds no data, and what it asks for
 * is its own request. Everything else has to come from the studio's pages, or from no page at all.
 *
 * @param isPage - The request is for a page, an HTML document.
 */
export function isFromElsewhere(headers: Headers, isPage: boolean): boolean {
  const origin = headers.get("origin");
  if (origin !== null && hostOf(origin) !== headers.get("host")?.toLowerCase()) return true;
  const site = headers.get("sec-fetch-site");
  if (site === null || site === "same-origin" || site === "none") return false;
  return !(isPage && headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document");
}

/** `"null"`, which sandboxed pages send, has none. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
