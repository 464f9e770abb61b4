import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasRedis } from "@tidemark/servers";
import { holds } from "../check/verdict.ts";
import { createProgress } from "../progress.ts";
import { noBrokerReason } from "../publish/broker.ts";
import { keepReport } from "../report/keep.ts";
import { judgeOutage } from "./judge.ts";
import type { OutagePlan } from "./plan.ts";
import { outageReport } from "./report.ts";
import { runOutage } from "./run.ts";

/** A relay whose broker is away for long. Returns whether all is well. */
export async function outage(plan: OutagePlan, folder: string, kept: string | undefined): Promise<boolean> {
  if (!hasRedis) {
    console.log(`NOT TESTED: it ${noBrokerReason}.`);
    return false;
  }
  const record = await runOutage(plan, createProgress());
  const verdicts = judgeOutage(record);
  const lines = outageReport(record, verdicts);
  console.log(`\n${lines.join("\n")}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts, looks: record.looks }));
  await keepReport(kept, { title: "A relay whose broker is away", lines });
  const failed = verdicts.filter((verdict) => !holds(verdict)).length;
  console.log(`${verdicts.length - failed} passed, ${failed} failed`);
  return failed === 0;
}
