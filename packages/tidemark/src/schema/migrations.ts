import { createHash } from "node:crypto";
import { functionTexts, migrationTexts } from "./sql.generated.ts";

/** One numbered step of the store's schema. Once released, its text never changes. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /** The template, for `renderSql`. */
  readonly text: string;
  /** SHA-256 of `text`, in hexadecimal. */
  readonly hash: string;
  /** Whether libraries that do not know this migration must refuse to work with the schema. */
  readonly breaking: boolean;
}

/** Every migration of this package, in order. */
export const migrations: readonly Migration[] = migrationTexts.map(({ version, name, breaking, ...tables }) => {
  const text = [tables.text, ...functionTexts.map((one) => one.text)].join("\n");
  return { version, name, text, hash: createHash("sha256").update(text).digest("hex"), breaking };
});
