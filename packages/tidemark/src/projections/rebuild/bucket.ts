import { hash } from "node:crypto";

/** A part of a collection's documents: those whose id's hash, modulo `of`, is `index`. */
export interface Bucket {
  readonly index: number;
  readonly of: number;
}

export function isIn({ index, of }: Bucket, id: string): boolean {
  return of === 1 || Number.parseInt(hash("sha256", id, "hex").slice(0, 8), 16) % of === index;
}

/** The same in the database, of the row `d`; `$1` is `of`, `$2` the index. */
export const bucketSql: string =
  "('x' || pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d._id, 'UTF8')), 'hex'), 1, 8))::bit(32)::bigint % $1::bigint = $2::bigint";
