/** How long a `retry-after` asks to wait: so many seconds, or until a date. Undefined: it says nothing that can be understood. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, 2_147_483_647);
  const until = Date.parse(text);
  return Number.isNaN(until) ? undefined : Math.min(Math.max(0, until - now), 2_147_483_647);
}
