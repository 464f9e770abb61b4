import type { SharedCall } from "./call.ts";
import { catalogue } from "./catalogue.ts";
import { followers } from "./followers.ts";
import { doctor, overview, stats } from "./overview.ts";
import { projections } from "./projections.ts";
import { tenants } from "./tenants.ts";

/** By page, the reports that it will ask for and that are the same for all who ask. */
const reportsOf: Readonly<Record<string, readonly ((call: SharedCall) => Promise<unknown>)[]>> = {
  "/": [overview, doctor, stats],
  "/catalogue": [catalogue],
  "/documents": [projections],
  "/follower": [followers],
  "/followers": [followers],
  "/projections": [projections],
  "/tenants": [tenants],
};

/**
 * Begins the reports of a page while the browser still loads the script that will ask for them: one after another, on one connection. What
 * fails is told to whoever asks.
 */
export async function beginReports(page: string, call: SharedCall): Promise<void> {
  for (const report of Object.hasOwn(reportsOf, page) ? (reportsOf[page] ?? []) : []) await report(call).catch(() => {});
}
