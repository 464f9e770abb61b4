import type { Queryable } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { chainTrigger, createChainTrigger } from "../../schema/event-chain.ts";
import { type DoctorFinding, finding } from "./finding.ts";

/** Whether appends go on with the chain that the store says it has. */
export async function examineChain(queryable: Queryable, schema: string): Promise<readonly DoctorFinding[]> {
  const events = `${quoteIdentifier(schema)}.events`;
  const chain = `${quoteIdentifier(schema)}.event_chain`;
  const text = `
select (select c.position::text from ${chain} as c) as position, t.tgenabled::text as enabled
  from (values (1)) as one (row)
  left join pg_catalog.pg_trigger as t on t.tgrelid = $1::text::pg_catalog.regclass and t.tgname = '${chainTrigger}'::name`;
  const [row = {}] = await queryable.query({ name: "tidemark_examine_chain", text, unprepared: true }, [events]);
  const [position, enabled] = [row["position"] ?? undefined, row["enabled"] ?? undefined];
  if (position === undefined && enabled !== undefined)
    return [
      finding(
        "chain-broken",
        `Events are hashed, and ${chain} does not say since when.`,
        `insert into ${chain} (position) select coalesce(pg_catalog.min(position) - 1, 0) from ${events} where hash is not null;`,
      ),
    ];
  if (position === undefined || enabled === "O" || enabled === "A") return [];
  return [
    finding(
      "chain-broken",
      `Events after position ${position} should carry a hash, and the trigger ${chainTrigger} is ${enabled === undefined ? "missing" : "disabled"}.`,
      `${enabled === undefined ? createChainTrigger(schema) : `alter table ${events} enable trigger ${chainTrigger}`}; tidemark verify then tells which events have none.`,
    ),
  ];
}
