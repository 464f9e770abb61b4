import { appendManyEvents } from "./scenarios/append-many.ts";
import { appendToExistingStreams, appendToNewStreams, appendToOneStream } from "./scenarios/append-one.ts";
import { appendOnConditions, appendOnConditionsBesidePeer, decideOnOneTag } from "./scenarios/conditions.ts";
import { appendWithCatalogue, readWithCatalogue } from "./scenarios/catalogue.ts";
import { appendWithChain } from "./scenarios/chain.ts";
import { appendWithCausationIndexes } from "./scenarios/causation.ts";
import { consumerCatchesUp } from "./scenarios/catch-up.ts";
import { tenFollowers } from "./scenarios/followers.ts";
import { handOverFromAppend } from "./scenarios/hand-over.ts";
import { commands, commandsOnLongStreams, commandsOnStreams, commandsWithSnapshots } from "./scenarios/commands.ts";
import { httpReaders } from "./scenarios/http-readers.ts";
import { idleConsumers } from "./scenarios/idle-consumers.ts";
import { exportFile, importFile, transferMemory } from "./scenarios/import-export.ts";
import { appendWithInlineProjection, followWithAsyncProjection } from "./scenarios/projections.ts";
import { readOneDocument } from "./scenarios/read-documents.ts";
import { readOneStream, readWholeLog } from "./scenarios/read.ts";
import { inlineBecomesLive } from "./scenarios/becomes-live.ts";
import { publishMessages } from "./scenarios/outbox.ts";
import { relayToBrokers, relayWhenIdle } from "./scenarios/relays.ts";
import { fourShards } from "./scenarios/shards.ts";
import { appendWhateverTheStatistics } from "./scenarios/statistics.ts";
import { appendWithKeptVersion } from "./scenarios/kept-version.ts";
import { appendBesideRebuild, rebuildDocuments } from "./scenarios/rebuild.ts";
import { rebuildSql } from "./scenarios/rebuild-sql.ts";
import { appendTraced } from "./scenarios/tracing.ts";
import { openTestStores } from "./scenarios/test-stores.ts";
import { processInputs } from "./scenarios/processes.ts";
import { fireTimers, idleTimers, setTimers } from "./scenarios/timers.ts";
import { appendFromTwoProcesses } from "./scenarios/two-processes.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  appendToNewStreams,
  appendToExistingStreams,
  appendToOneStream,
  appendManyEvents,
  readOneStream,
  readWholeLog,
  appendWhateverTheStatistics,
  appendFromTwoProcesses,
  consumerCatchesUp,
  handOverFromAppend,
  tenFollowers,
  idleConsumers,
  fourShards,
  importFile,
  exportFile,
  transferMemory,
  appendOnConditions,
  appendOnConditionsBesidePeer,
  decideOnOneTag,
  readOneDocument,
  commands,
  commandsOnStreams,
  commandsWithSnapshots,
  commandsOnLongStreams,
  appendWithCatalogue,
  readWithCatalogue,
  appendWithCausationIndexes,
  appendWithChain,
  appendWithInlineProjection,
  followWithAsyncProjection,
  inlineBecomesLive,
  rebuildDocuments,
  appendBesideRebuild,
  rebuildSql,
  appendWithKeptVersion,
  setTimers,
  fireTimers,
  idleTimers,
  processInputs,
  openTestStores,
  appendTraced,
  httpReaders,
  relayToBrokers,
  relayWhenIdle,
  publishMessages,
];
