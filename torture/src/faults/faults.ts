import { cancelBackends } from "./cancel-backends.ts";
import { checkpoint } from "./checkpoint.ts";
import { crashServer } from "./crash-server.ts";
import { cutAtMessage } from "./cut-at-message.ts";
import { cutBroker } from "./cut-broker.ts";
import { cutConnections } from "./cut-connections.ts";
import { delayMessages } from "./delay-messages.ts";
import { exhaustConnections } from "./exhaust-connections.ts";
import { failOver } from "./fail-over.ts";
import type { Fault } from "./fault.ts";
import { failSync } from "./fail-sync.ts";
import { fillBroker } from "./fill-broker.ts";
import { fillDisk, fillLogDisk } from "./fill-disk.ts";
import { freezeBackendLong } from "./freeze-backend-long.ts";
import { freezeBackends } from "./freeze-backends.ts";
import { freezeBroker } from "./freeze-broker.ts";
import { freezeDrawing } from "./freeze-drawing.ts";
import { freezePooler } from "./freeze-pooler.ts";
import { freezePostmaster } from "./freeze-postmaster.ts";
import { freezeWorker } from "./freeze-worker.ts";
import { halfClose } from "./half-close.ts";
import { hostileSettings } from "./hostile-settings.ts";
import { jumpServerClock } from "./jump-server-clock.ts";
import { jumpWorkerClock } from "./jump-worker-clock.ts";
import { killBackend } from "./kill-backend.ts";
import { killBroker } from "./kill-broker.ts";
import { killPooler } from "./kill-pooler.ts";
import { killPostmaster } from "./kill-postmaster.ts";
import { killWorker } from "./kill-worker.ts";
import { lockStreams } from "./lock-streams.ts";
import { lockTable } from "./lock-table.ts";
import { openAppend } from "./open-append.ts";
import { prepareTransaction } from "./prepare-transaction.ts";
import { refuseConnections } from "./refuse-connections.ts";
import { restartBroker } from "./restart-broker.ts";
import { restartLoop } from "./restart-loop.ts";
import { restartServer } from "./restart-server.ts";
import { slowDisk } from "./slow-disk.ts";
import { stopWorker } from "./stop-worker.ts";
import { strangers } from "./strangers.ts";
import { swallowAtMessage } from "./swallow-at-message.ts";
import { terminateBackends } from "./terminate-backends.ts";

/** Everything that goes wrong while workers work. */
export const faults: readonly Fault[] = [
  killWorker,
  stopWorker,
  freezeWorker,
  killBackend,
  killPostmaster,
  crashServer,
  restartServer,
  restartLoop,
  freezeBackends,
  freezeBackendLong,
  freezeDrawing,
  freezePostmaster,
  terminateBackends,
  cancelBackends,
  cutConnections,
  cutAtMessage,
  halfClose,
  swallowAtMessage,
  delayMessages,
  refuseConnections,
  exhaustConnections,
  fillDisk,
  fillLogDisk,
  failSync,
  slowDisk,
  jumpServerClock,
  jumpWorkerClock,
  killPooler,
  freezePooler,
  lockTable,
  lockStreams,
  openAppend,
  prepareTransaction,
  strangers,
  hostileSettings,
  checkpoint,
  killBroker,
  restartBroker,
  freezeBroker,
  cutBroker,
  fillBroker,
  failOver,
];
