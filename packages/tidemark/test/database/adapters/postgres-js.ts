import postgres from "postgres";
import { fromPostgresJs } from "../../../src/index.ts";
import type { Orm } from "./orm.ts";

export const openPostgresJs = (url: string): Promise<Orm> => open(url, {});

/** The names of columns and the keys of JSON change on their way in and out. */
export const openCamelCased = (url: string): Promise<Orm> => open(url, { transform: postgres.camel });

async function open(url: string, options: postgres.Options<Record<string, never>>): Promise<Orm> {
  const sql = postgres(url, { max: 2, ...options });
  return {
    transaction: (work, isolation) =>
      sql.begin(isolation ? `isolation level ${isolation}` : "", (tx) =>
        work({ client: fromPostgresJs(tx), insert: async (entry) => tx`insert into public.audit ${tx({ entry })}` }),
      ),
    adaptItself: () => fromPostgresJs(sql),
    close: () => sql.end(),
  };
}
