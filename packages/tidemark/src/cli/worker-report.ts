import { hideCredentials } from "../arguments/describe-value.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { EventStore } from "../store/event-store.ts";
import type { ConsumerInfo } from "../consumers/consumer-info.ts";
import type { ProjectionInfo } from "../projections/projection-info.ts";
import { count, counted } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

const everyMs = 1_000;
/** A consumer may fall behind and catch up many times a second, and a long way takes its time: that is told so often. */
const progressMs = 10_000;

/** Tells how a worker goes: lines on stderr for people, or documents on stdout. */
export class WorkerReport {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #told = new Map<string, { readonly state: string; readonly at: number }>();

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  tell(report: string, text: string, facts: object = {}): void {
    if (this.#json) this.#terminal.printJson({ report, at: new Date(), ...facts });
    else this.#terminal.say(text);
  }

  error(error: TidemarkError): void {
    const { code, message } = error;
    // Its own fields are the facts, code among them; the message is not.
    this.tell("error", `[${code}] ${message}`, Object.assign({ message: hideCredentials(message) }, error));
  }

  /** Looks at the consumers, projections and relays now and once a second, and tells what has changed. @returns What ends that. */
  watch(
    store: EventStore,
    names: { readonly consumers: ReadonlySet<string>; readonly projections: ReadonlySet<string>; readonly relays: ReadonlySet<string> },
  ): () => void {
    let looking = false;
    let ended = false;
    const look = async (): Promise<void> => {
      if (looking) return;
      looking = true;
      // The worker tells of an outage, and goes on by itself.
      const [consumers, projections, relays] = await Promise.all([
        names.consumers.size === 0 ? [] : store.consumers.list().catch(() => []),
        names.projections.size === 0 ? [] : store.projections.list().catch(() => []),
        names.relays.size === 0 ? [] : store.relays.list().catch(() => []),
      ]);
      if (!ended) {
        for (const consumer of consumers) if (names.consumers.has(consumer.name)) this.#consumer(consumer);
        for (const relay of relays) if (names.relays.has(relay.name)) this.#consumer(relay, "relay");
        for (const projection of projections) if (names.projections.has(projection.name)) this.#projection(projection);
      }
      looking = false;
    };
    void look();
    const timer = setInterval(() => void look(), everyMs);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }

  #consumer({ name, state, lag, shards, deadLetters }: ConsumerInfo, kind: "consumer" | "relay" = "consumer"): void {
    const position = Math.min(...shards.map((shard) => shard.position));
    this.#state(name, { state, position, lag }, { [kind]: name, state, position, lag, deadLetters });
  }

  #projection({ name, version, state, position, lag }: ProjectionInfo): void {
    this.#state(`${name} (version ${version})`, { state, position, lag }, { projection: name, version, state, position, lag });
  }

  #state(name: string, { state, position, lag }: Pick<ProjectionInfo, "state" | "position" | "lag">, facts: object): void {
    const before = this.#told.get(name);
    const now = performance.now();
    const moving = state === "live" || state === "catching-up";
    const same = before?.state === state || (moving && (before?.state === "live" || before?.state === "catching-up"));
    if (same && (!moving || now - before.at < progressMs || (state === "live" && before.state === "live"))) return;
    this.#told.set(name, { state, at: now });
    const behind = lag.events === 0 ? "" : `, ${counted(lag.events, "event")} and ${count(lag.seconds)} s behind`;
    this.tell("state", `${name}: ${state} at ${position}${behind}`, facts);
  }
}
