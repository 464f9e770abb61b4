import type { Command } from "commander";
import { addReasonFlags } from "./audit/reason-flag.ts";
import { addAppend } from "./commands/append.ts";
import { addAudit } from "./commands/audit.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConsumers } from "./commands/consumers.ts";
import { addDeadLetters } from "./commands/dead-letters.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEvents } from "./commands/events.ts";
import { addExport } from "./commands/export.ts";
import { addHealth } from "./commands/health.ts";
import { addImport } from "./commands/import.ts";
import { addIndexes } from "./commands/indexes.ts";
import { addMcp } from "./commands/mcp.ts";
import { addMetrics } from "./commands/metrics.ts";
import { addMigrate } from "./commands/migrate.ts";
import { addProcesses } from "./commands/processes.ts";
import { addProjections } from "./commands/projections.ts";
import { addRead } from "./commands/read.ts";
import { addRelay } from "./commands/relay.ts";
import { addOutbox } from "./commands/outbox.ts";
import { addRelays } from "./commands/relays.ts";
import { addStats } from "./commands/stats.ts";
import { addStreams } from "./commands/streams.ts";
import { addStudio } from "./commands/studio.ts";
import { addTail } from "./commands/tail.ts";
import { addTimers } from "./commands/timers.ts";
import { addVerify } from "./commands/verify.ts";
import { addWhy } from "./commands/why.ts";
import { addWorker } from "./commands/worker.ts";
import type { Terminal } from "./terminal.ts";

/** All commands, in the order of the help. */
const commandTable: readonly ((program: Command, terminal: Terminal) => void)[] = [
  addDemo,
  addMigrate,
  addAppend,
  addRead,
  addTail,
  addStreams,
  addWhy,
  addStudio,
  addWorker,
  addRelay,
  addConsumers,
  addProjections,
  addRelays,
  addOutbox,
  addDeadLetters,
  addProcesses,
  addTimers,
  addAudit,
  addEvents,
  addDoctor,
  addStats,
  addHealth,
  addMetrics,
  addVerify,
  addIndexes,
  addImport,
  addExport,
  addMcp,
  addCompletion,
];

export function addCommands(program: Command, terminal: Terminal): void {
  for (const add of commandTable) add(program, terminal);
  addReasonFlags(program);
}
