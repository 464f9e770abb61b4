import type { Queryable } from "../../database/database.ts";
import type { ListenerMetrics } from "../../feed/feed-metrics.ts";
import { quoteLiteral } from "../../schema/render.ts";
import type { ConnectionBudget } from "../connection-budget.ts";
import { connectionLimit, connectionsTaken, lockRoom, locksTaken } from "../server-room.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { DoctorThresholds } from "./thresholds.ts";

/** Looks at what the whole server shares: transaction ids, replication slots, connections, locks. */
export async function examineServer(queryable: Queryable, listener: ListenerMetrics, thresholds: DoctorThresholds): Promise<readonly DoctorFinding[]> {
  const rows = await queryable.query({ name: "tidemark_server_state", text, unprepared: true }, []);
  return [
    ...rows.flatMap((row) =>
      findingsOf(
        row["kind"] ?? "",
        { name: row["name"] ?? "", value: Number(row["value"] ?? 0), most: Number(row["most"] ?? 0), detail: row["detail"] ?? "" },
        thresholds,
      ),
    ),
    ...deaf(listener),
  ];
}

/** Pools that are never all full at once are no fault until the day they are. */
export function examineBudget({ processes, ofOneProcess, wanted, room, fit }: ConnectionBudget): readonly DoctorFinding[] {
  if (wanted <= room) return [];
  const who = processes === 1 ? "1 process with up to" : `${processes} processes with up to`;
  return [
    finding(
      "connections-overbooked",
      `${who} ${ofOneProcess} connections${processes === 1 ? "" : " each"} want ${wanted}, and the server has ${room} for them.`,
      `Lower pool.max, run ${fit} of them at most, put a pooler between, or raise max_connections.`,
    ),
  ];
}

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly most: number;
  readonly detail: string;
}

function findingsOf(kind: string, { name, value, most, detail }: Measured, thresholds: DoctorThresholds): readonly DoctorFinding[] {
  switch (kind) {
    case "age":
      if (value < thresholds.transactionAge) return [];
      return [
        finding(
          "wraparound-near",
          `The oldest ${detail} of database ${name} is ${value.toLocaleString("en")} old; PostgreSQL stops at ${most.toLocaleString("en")}.`,
          "End what holds old rows (long transactions, prepared ones, replication slots), then in that database: vacuum (freeze);",
        ),
      ];
    case "slot":
      if (value < thresholds.retainedBytes) return [];
      return [
        finding(
          "slot-holds-wal",
          `The replication slot ${JSON.stringify(name)} holds back ${Math.round(value / 1024 / 1024)} MB of the server's log${detail === "" ? "" : `, and is ${detail}`}.`,
          `Start what reads it, or, if nobody needs it: select pg_catalog.pg_drop_replication_slot(${quoteLiteral(name)}); and bound it: max_slot_wal_keep_size.`,
        ),
      ];
    case "connections":
      if (most === 0 || value < most * thresholds.connectionsPart) return [];
      return [
        finding(
          "connections-scarce",
          `${value} of ${most} connections are taken; most of them: ${detail}.`,
          "Add up pool.max of all processes. Lower it, put a pooler between, or raise max_connections.",
        ),
      ];
    default:
      if (most === 0 || value < most * thresholds.locksPart) return [];
      return [
        finding(
          "locks-scarce",
          `${value} of ${most} locks are taken.`,
          "Raise max_locks_per_transaction and restart the server; and look for transactions that hold thousands: select pid, pg_catalog.count(*) from pg_locks group by pid order by 2 desc;",
        ),
      ];
  }
}

function deaf({ state }: ListenerMetrics): readonly DoctorFinding[] {
  if (state !== "deaf") return [];
  return [
    finding(
      "listener-deaf",
      "The connection that listens hears nothing, most likely because of a pooler in transaction mode.",
      "Give the store a direct connection, or live with up to a second of delay.",
    ),
  ];
}

const text = `
select 'age' as kind, d.datname::text as name, pg_catalog.age(d.datfrozenxid)::text as value, '2146483648' as most, 'transaction id' as detail
  from pg_catalog.pg_database as d where d.datallowconn and d.datname = pg_catalog.current_database()
union all
select 'age', d.datname::text, pg_catalog.mxid_age(d.datminmxid)::text, '2146483648', 'multixact id'
  from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()
union all
select 'slot', r.slot_name::text, pg_catalog.floor(pg_catalog.pg_wal_lsn_diff(
         case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_receive_lsn() else pg_catalog.pg_current_wal_lsn() end, r.restart_lsn))::text, '0',
       case when r.active then '' else 'used by nobody' end
  from pg_catalog.pg_replication_slots as r where r.restart_lsn is not null
union all
select 'connections', '', ${connectionsTaken}::text, ${connectionLimit}::text,
       coalesce((
         select pg_catalog.string_agg(m.n::text || ' of ' || coalesce(nullif(m.application_name, ''), 'no name'), ', ')
           from (select b.application_name, pg_catalog.count(*) as n from pg_catalog.pg_stat_activity as b where b.backend_type operator(pg_catalog.=) 'client backend'
                  group by b.application_name order by 2 desc limit 3) as m), '')
union all
select 'locks', '', ${locksTaken}::text, ${lockRoom}::text, ''`;
