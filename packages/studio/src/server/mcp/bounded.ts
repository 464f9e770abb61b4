/** What fits into an answer, and what was left out of it. */
export interface Bounded {
  readonly report: unknown;
  readonly cut: readonly string[];
}

/** Longer texts are shortened first: one event of a megabyte must not hide the others. */
const mostCharacters = 4_096;

/**
 * Shortens a report to so many bytes of JSON: long texts in it first, then rows from the end of its list.
 *
 * @param rows - The name of the list; where a report has none, its texts get shorter.
 * @param more - How to ask for what is left out.
 */
export function bounded(report: unknown, maxBytes: number, { rows, more }: { readonly rows: string | undefined; readonly more: string }): Bounded {
  const whole = withShortTexts(report, Math.min(mostCharacters, maxBytes));
  const cut = whole.shortened > 0 ? [`${whole.shortened} long text(s) were shortened. ${more}`] : [];
  if (bytesOf(whole.value) <= maxBytes) return { report: whole.value, cut };
  const all = rows === undefined ? undefined : listIn(whole.value, rows);
  if (all) {
    const kept = rowsThatFit(all, maxBytes - bytesOf({ ...whole.value, [rows ?? ""]: [] }));
    if (kept > 0 || all.length === 0) {
      const left = `${all.length - kept} of ${all.length} rows of ${rows} were left out at the end. ${more}`;
      return { report: { ...whole.value, [rows ?? ""]: all.slice(0, kept) }, cut: [...cut, left] };
    }
  }
  return shortest(report, maxBytes, more);
}

/** A report that is one large thing: its texts and lists lose more and more of their ends. */
function shortest(report: unknown, maxBytes: number, more: string): Bounded {
  for (let most = 1_024; most >= 1; most = Math.floor(most / 2)) {
    const { value } = withShortTexts(withShortLists(report, most), most);
    if (bytesOf(value) <= maxBytes) return { report: value, cut: [`Texts were shortened to ${most} characters, and lists to ${most} rows. ${more}`] };
  }
  throw new RangeError(`The answer does not fit into ${maxBytes} bytes.`);
}

function rowsThatFit(all: readonly unknown[], bytes: number): number {
  let left = bytes;
  const tooLarge = all.findIndex((row) => (left -= bytesOf(row) + 1) < 0);
  return tooLarge === -1 ? all.length : tooLarge;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return Array.isArray(found) ? found : undefined;
}

function withShortTexts(report: unknown, most: number): { readonly value: object; readonly shortened: number } {
  let shortened = 0;
  const value: object = JSON.parse(JSON.stringify(report), (_key, each: unknown) => {
    if (typeof each !== "string" || each.length <= most) return each;
    shortened++;
    return `${each.slice(0, most).toWellFormed()}… (${each.length - most} more characters)`;
  });
  return { value, shortened };
}

function withShortLists(report: unknown, most: number): unknown {
  return JSON.parse(JSON.stringify(report), (_key, each: unknown) => (Array.isArray(each) ? each.slice(0, most) : each));
}
