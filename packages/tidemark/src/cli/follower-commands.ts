import type { Command } from "commander";
import { escapeUnsafe } from "../arguments/describe-value.ts";
import type { Consumers, PauseOptions } from "../consumers/administration.ts";
import type { ConsumerInfo } from "../consumers/consumer-info.ts";
import type { EventStore } from "../store/event-store.ts";
import { lineUp } from "./columns.ts";
import { confirm } from "./confirm.ts";
import { consumerRows, consumerTable, problemOf, shardTable } from "./consumer-lines.ts";
import { given, place } from "./flags.ts";
import { counted } from "./progress.ts";
import { addStoreFlags, type StoreFlags, withStore } from "./store.ts";
import type { Terminal } from "./terminal.ts";

/** What the administration of each kind of follower can do. */
export type FollowerAdministration = Pick<Consumers, "list" | "get" | "pause" | "resume" | "reset">;

/** How the commands of one kind of follower speak. */
export interface FollowerWords {
  readonly kind: "consumer" | "relay";
  readonly examples: {
    /** A name. */
    readonly one: string;
    /** For `jq`, on each line of the list. */
    readonly jq: string;
    /** Of a pause. */
    readonly reason: string;
  };
  /** What a pause does, for its description and once it is done. */
  readonly pause: { readonly description: string; readonly done: string };
  /** What a resumption does besides ending a pause. */
  readonly resume: string;
  /** What a reset does to the events after the position. */
  readonly reset: string;
  /** What a reset back, or forth, means. */
  readonly back: string;
  readonly forth: string;
}

/** The commands that each kind of follower has: list, show, pause, resume and reset. */
export class FollowerCommands {
  readonly #command: Command;
  readonly #terminal: Terminal;
  readonly #words: FollowerWords;
  readonly #of: (store: EventStore) => FollowerAdministration;

  constructor(command: Command, terminal: Terminal, words: FollowerWords, of: (store: EventStore) => FollowerAdministration) {
    this.#command = command;
    this.#terminal = terminal;
    this.#words = words;
    this.#of = of;
  }

  addList(): void {
    const { kind, examples } = this.#words;
    addStoreFlags(this.#command.command("list"), "one JSON document a line")
      .description(`List the ${kind}s by name, each with its state, how far it is behind, and its last error.`)
      .addHelpText("after", `\nExamples:\n  tidemark ${kind}s list\n  tidemark ${kind}s list --json | jq -r '${examples.jq}'`)
      .action((flags: StoreFlags) => this.#list(flags));
  }

  addShow(): void {
    const { kind, examples } = this.#words;
    const example = `tidemark ${kind}s show ${examples.one}`;
    this.addOne("show")
      .description(`Show one ${kind}, shard by shard.`)
      .addHelpText("after", `\nExamples:\n  ${example}\n  ${example} --json | jq '.shards[] | select(.lastError)'`)
      .action((name: string, flags: StoreFlags) => this.#show(name, flags));
  }

  addPause(): void {
    const { kind, examples, pause } = this.#words;
    const example = `tidemark ${kind}s pause ${examples.one}`;
    this.addOneChanged("pause")
      .description(pause.description)
      .option("--reason <reason>", `the reason, shown with the ${kind}`)
      .option("--by <name>", "who pauses it")
      .addHelpText("after", `\nExamples:\n  ${example}\n  ${example} --reason ${JSON.stringify(examples.reason)} --by ada`)
      .action((name: string, { reason, by, ...flags }: StoreFlags & PauseOptions) =>
        this.change(name, flags, `${name} is paused: ${pause.done}`, (store) => this.#of(store).pause(name, given({ reason, by }))),
      );
  }

  addResume(): void {
    const { kind, examples, resume } = this.#words;
    this.addOneChanged("resume")
      .description(`End a pause.${resume}`)
      .addHelpText("after", `\nExample:\n  tidemark ${kind}s resume ${examples.one}`)
      .action((name: string, flags: StoreFlags) => this.change(name, flags, `${name} is resumed.`, (store) => this.#of(store).resume(name)));
  }

  addReset(): void {
    const { kind, examples, reset } = this.#words;
    const example = `tidemark ${kind}s reset ${examples.one} --after`;
    this.addOneChanged("reset")
      .description(`Move it to a position: ${reset} Dead letters after it are removed.`)
      .requiredOption("--after <position>", "a position, which is exclusive; beginning; or end, the high-water mark", place)
      .option("--yes", "do not ask for confirmation; needed without a terminal")
      .addHelpText("after", `\nExamples:\n  ${example} 120000\n  ${example} beginning --yes`)
      .action((name: string, flags: ResetFlags) => this.#reset(name, flags));
  }

  /** A command that changes one, and answers as `change` does. */
  addOneChanged(name: string): Command {
    return this.addOne(name, `the ${this.#words.kind} as show does, one JSON document,`);
  }

  /** @param name - As it is called afterwards. */
  async change(name: string, flags: StoreFlags, done: string, work: (store: EventStore) => Promise<void>): Promise<void> {
    await withStore(flags, this.#terminal, async (store) => {
      await work(store);
      if (flags.json) this.#terminal.printJson(await this.#of(store).get(name));
      else this.#terminal.print(done);
    });
  }

  addOne(name: string, json?: string): Command {
    const { kind } = this.#words;
    return addStoreFlags(this.#command.command(name), json).argument(`<${kind}>`, `the ${kind}'s name`);
  }

  async #list(flags: StoreFlags): Promise<void> {
    const { kind } = this.#words;
    const terminal = this.#terminal;
    const followers = await withStore(flags, terminal, (store) => this.#of(store).list());
    if (flags.json) await terminal.printLines(documents(followers));
    else if (followers.length === 0) terminal.say(`There are no ${kind}s. One is known once a worker with it was started.`);
    else await terminal.printLines(lineUp(consumerRows(followers, kind), terminal.width));
  }

  async #show(name: string, flags: StoreFlags): Promise<void> {
    const terminal = this.#terminal;
    const follower = await withStore(flags, terminal, (store) => this.#of(store).get(name));
    if (flags.json) return terminal.printJson(follower);
    terminal.table(consumerTable(follower, this.#words.kind));
    terminal.print();
    terminal.table(shardTable(follower.shards));
    for (const shard of follower.shards) if (shard.lastError) terminal.print(`shard ${shard.shard}: ${problemOf(shard)}`);
  }

  async #reset(name: string, { after, yes, ...flags }: ResetFlags): Promise<void> {
    const to = after === "end" ? "the end of the log" : `position ${after}`;
    await this.change(name, flags, `${name} continues after ${to}.`, async (store) => {
      await confirm(this.#terminal, lossOf(await this.#of(store).get(name), after, to, this.#words), yes);
      await this.#of(store).reset(name, { after });
    });
  }
}

interface ResetFlags extends StoreFlags {
  readonly after: number | "end";
  readonly yes?: boolean;
}

/** What a reset does, as the question for confirmation tells it. */
function lossOf({ name, shards, deadLetters }: ConsumerInfo, after: number | "end", to: string, words: FollowerWords): string {
  const positions = shards.map(({ position }) => position);
  const [lowest, highest] = [Math.min(...positions), Math.max(...positions)];
  const now = lowest === highest ? `${lowest}` : `${lowest} to ${highest}`;
  const back = after !== "end" && after < highest ? ` ${words.back}` : "";
  const forth = after === "end" || after > lowest ? ` ${words.forth}` : "";
  const letters = deadLetters > 0 && after !== "end" ? ` Of its ${counted(deadLetters, "dead letter")} those after that place are removed.` : "";
  return `${name} is at position ${now}, and would be set to ${to}.${back}${forth}${letters}`;
}

async function* documents(followers: readonly ConsumerInfo[]): AsyncGenerator<string, void, undefined> {
  for (const follower of followers) yield escapeUnsafe(JSON.stringify(follower));
}
