import type { Command } from "commander";
import type { DoctorFinding } from "../../operations/doctor/finding.ts";
import { addBudgetFlags, type BudgetFlags, budgetOf } from "../budget-flags.ts";
import { Finding } from "../finding.ts";
import { counted } from "../progress.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

/** `tidemark doctor` */
export function addDoctor(program: Command, terminal: Terminal): void {
  addBudgetFlags(addStoreFlags(program.command("doctor"), "the findings, one JSON document,"))
    .description("Find what is wrong with the database of a store, and say how to mend it. Changes nothing. Exits with 1 if there is an error.")
    .addHelpText("after", "\nExamples:\n  tidemark doctor\n  tidemark doctor --json || exit 1\n  tidemark doctor --processes 12 --pool-max 10")
    .action((flags: DoctorFlags) => doctor(flags, terminal));
}

interface DoctorFlags extends StoreFlags, BudgetFlags {}

async function doctor(flags: DoctorFlags, terminal: Terminal): Promise<void> {
  // A schema that does not fit is among the findings.
  const findings = await withStore(flags, terminal, (store) => store.doctor(budgetOf(flags)), { migrate: "off" });
  if (flags.json) terminal.printJson(findings);
  else print(findings, terminal);
  if (findings.some(({ severity }) => severity === "error")) throw new Finding("there are errors");
}

function print(findings: readonly DoctorFinding[], terminal: Terminal): void {
  for (const { code, severity, what, why, mend } of findings) {
    terminal.print(`${severity}: ${code}`, "bold");
    terminal.print(`  ${what}`);
    terminal.print(`  ${why}`);
    terminal.print(`  mend: ${mend}`);
  }
  const of = (severity: DoctorFinding["severity"]): number => findings.filter((finding) => finding.severity === severity).length;
  terminal.say(
    findings.length === 0
      ? "Nothing is wrong."
      : `${counted(of("error"), "error")}, ${counted(of("warning"), "warning")}, ${of("info")} worth knowing. docs/reference/doctor.md tells more of each.`,
  );
}
