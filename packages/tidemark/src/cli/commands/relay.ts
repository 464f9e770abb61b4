import type { Command } from "commander";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkerModule } from "../worker-module.ts";
import { addWorkerCommand } from "./worker.ts";

const examples = `
Examples:
  tidemark relay
  tidemark relay relays.ts --wait --watch`;

/** `tidemark relay` */
export function addRelay(program: Command, terminal: Terminal): void {
  addWorkerCommand(program, terminal, {
    name: "relay",
    description: "Run every relay that a module exports, and nothing else, until SIGTERM or Ctrl-C. Start it in as many processes as you like.",
    file: "a module that exports relays; default: those of the configuration",
    examples,
    choose: relaysOf,
  });
}

/** Of a module with consumers and others, those stay to `tidemark worker`. */
function relaysOf({ relays }: WorkerModule): WorkerModule {
  if (relays.length > 0) return { consumers: [], projections: [], inline: [], processes: [], relays };
  throw new InvalidArgumentError("<file>", "names no relay. Export what defineRelay returns, by itself, in an array or by default");
}
