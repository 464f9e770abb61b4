import type { StatementShape } from "./statement-shape.ts";

/** Sends a statement whose rows have one column of text. */
export type SendLines = (text: string, values: readonly unknown[]) => Promise<readonly string[]>;

/**
 * Runs statements so that their rows come through any client as they come from `pg`: under the names that PostgreSQL gives, parsed
 * by the parsers of `pg.types`. Clients rename columns, have types of their own, or do not tell a column's type.
 *
 * The rows travel as text: each as PostgreSQL writes a record, the first with the names of its columns and its binary form, which
 * begins each value with the oid of its type.
 */
export class DescribedRows {
  readonly #send: SendLines;
  readonly #baseTypes = new Map<number, number>();

  constructor(send: SendLines) {
    this.#send = send;
  }

  async query(shape: StatementShape & { readonly kind: "rows" }, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const lines = (await this.#send(describing(shape), values)).map((line) => JSON.parse(line) as Line);
    const columns = lines[0]?.[0];
    if (!columns) return [];
    const [names, binary] = columns;
    const types = await this.#withoutDomains(typesOf(Buffer.from(binary, "hex")));
    const { default: pg } = await import("pg");
    const getTypeParser: (type: number) => (text: string) => unknown = pg.types.getTypeParser;
    const parsers = types.map((type) => getTypeParser(type));
    return lines.map(([, record]) => {
      const fields = fieldsOf(record, types.length);
      return Object.fromEntries(names.map((name, n) => [name, parsed(fields[n] ?? null, parsers[n])]));
    });
  }

  /** A domain's columns are described to a client as of the type under it; a record names the domain. */
  async #withoutDomains(types: readonly number[]): Promise<readonly number[]> {
    const unknown = types.filter((type) => type >= firstOfNoParser && !this.#baseTypes.has(type));
    if (unknown.length > 0) {
      for (const line of await this.#send(baseTypes, [`{${[...new Set(unknown)].join()}}`])) {
        const [type, base] = JSON.parse(line) as [number, number];
        this.#baseTypes.set(type, base);
      }
    }
    return types.map((type) => this.#baseTypes.get(type) ?? type);
  }
}

/** Names and binary form of the first row, and each row's text. */
type Line = readonly [columns: readonly [names: readonly string[], binary: string] | null, record: string];

/** PostgreSQL gives the types that a client could know by heart lower oids. */
const firstOfNoParser = 10_000;

const baseTypes = `with recursive base (type, oid, under) as (
  select t.oid, t.oid, t.typbasetype from pg_catalog.pg_type t where t.oid = any ($1::text::pg_catalog.oid[])
  union all
  select base.type, t.oid, t.typbasetype from base join pg_catalog.pg_type t on t.oid = base.under
)
select pg_catalog.json_build_array(type::pg_catalog.int8, oid::pg_catalog.int8)::text as line from base where under = 0`;

function describing({ before, body }: StatementShape & { readonly kind: "rows" }): string {
  // A comment may be the last that the body has.
  return `${before} tidemark_line as materialized (${body}
) select pg_catalog.json_build_array(
  case when pg_catalog.row_number() over () = 1 then pg_catalog.json_build_array(
    array(select pg_catalog.json_object_keys(pg_catalog.row_to_json(tidemark_line))), pg_catalog.encode(pg_catalog.record_send(tidemark_line), 'hex')
  ) end,
  tidemark_line::text
)::text as line from tidemark_line`;
}

/** Of a record's binary form: how many values, then for each its type's oid, its length (-1: null) and its bytes. */
function typesOf(record: Buffer): readonly number[] {
  const types: number[] = [];
  let at = 4;
  for (let left = record.readInt32BE(0); left > 0; left--) {
    types.push(record.readUInt32BE(at));
    at += 8 + Math.max(0, record.readInt32BE(at + 4));
  }
  return types;
}

/** Quoted with doubled quotes and backslashes, or plain; nothing at all is null. */
const field = /(?:"((?:[^"\\]|""|\\[^])*)"|([^,")]*))[,)]/gy;

function fieldsOf(record: string, count: number): readonly (string | null)[] {
  const fields: (string | null)[] = [];
  field.lastIndex = 1;
  while (fields.length < count) {
    const match = field.exec(record);
    if (!match) throw new TypeError(`not a record of ${count} values: ${record}`);
    const [, quoted, plain] = match;
    fields.push(quoted === undefined ? plain || null : quoted.replaceAll(/""|\\([^])/g, (pair, escaped: string | undefined) => escaped ?? pair.slice(1)));
  }
  return fields;
}

function parsed(text: string | null, parse: ((text: string) => unknown) | undefined): unknown {
  return text === null ? null : parse ? parse(text) : text;
}
