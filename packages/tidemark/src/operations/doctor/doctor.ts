import type { Database } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import type { Feed } from "../../feed/feed.ts";
import { type BudgetOptions, connectionBudget } from "../connection-budget.ts";
import { followerStates } from "../follower-states.ts";
import { examineChain } from "./examine-chain.ts";
import { examineFollowers, examineLeases } from "./examine-followers.ts";
import { examineFunctions } from "./examine-functions.ts";
import { examineLog } from "./examine-log.ts";
import { examinePrivileges } from "./examine-privileges.ts";
import { examineSchema } from "./examine-schema.ts";
import { examineBudget, examineServer } from "./examine-server.ts";
import { examineSettings } from "./examine-settings.ts";
import { examineTables } from "./examine-tables.ts";
import { type DoctorFinding, inOrder } from "./finding.ts";
import { defaultThresholds, type DoctorThresholds } from "./thresholds.ts";

export interface DoctorContext {
  readonly database: Database;
  readonly schema: string;
  readonly feed: Pick<Feed, "highWaterMark" | "blockers" | "metrics">;
  readonly durability: "server" | "on" | "off";
  /** @defaultValue the processes that listen, and pools like this store's */
  readonly budget?: BudgetOptions;
  /** For tests. @defaultValue what is worth telling of a store in production */
  readonly thresholds?: DoctorThresholds;
}

/** What is wrong with this database, the worst first. Changes nothing. */
export async function doctor(context: DoctorContext): Promise<readonly DoctorFinding[]> {
  const { database, schema, feed, durability, budget = {}, thresholds = defaultThresholds } = context;
  const lacking = await examinePrivileges(database, schema);
  const found = [...lacking];
  const examine = async (look: () => Promise<readonly DoctorFinding[]>): Promise<void> => {
    try {
      found.push(...(await look()));
    } catch (error) {
      // What a missing table, column, function or privilege keeps from being looked at is among the findings itself.
      if (!isTidemarkError(error, "DATABASE") || !isOfSchema(error.sqlState)) throw error;
    }
  };
  await examine(() => examineSchema(database, schema));
  await examine(() => examineFunctions(database, schema));
  await examine(() => examineChain(database, schema));
  await examine(async () => examineLog(database, schema, await blockersOf(feed), thresholds));
  await examine(async () => examineFollowers(await followerStates(database, schema, await markOf(feed), undefined), thresholds));
  await examine(() => examineLeases(database, schema, thresholds));
  await examine(() => examineTables(database, schema, thresholds));
  // An embedded database has neither other clients nor settings of an operator's.
  if (database.driver === "pg") {
    await examine(() => examineSettings(database, { durability }));
    await examine(() => examineServer(database, feed.metrics().listener, thresholds));
    await examine(async () => examineBudget(await connectionBudget(database, budget)));
  }
  return inOrder(found);
}

/** Undefined table, column, function or object; no privilege. */
function isOfSchema(sqlState: string): boolean {
  return ["42P01", "42703", "42883", "42704", "42501", "3F000"].includes(sqlState);
}

/** Where the function is missing that tells, its absence is a finding. */
async function blockersOf(feed: DoctorContext["feed"]): ReturnType<DoctorContext["feed"]["blockers"]> {
  try {
    return await feed.blockers();
  } catch (error) {
    if (isTidemarkError(error, "DATABASE")) return [];
    throw error;
  }
}

/** The same; and a sequence behind the log is one, too. */
async function markOf(feed: DoctorContext["feed"]): Promise<number> {
  try {
    return await feed.highWaterMark();
  } catch (error) {
    if (isTidemarkError(error, "SEQUENCE_BEHIND")) return error.log;
    throw error;
  }
}
