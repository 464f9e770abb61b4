import { checkUuid } from "../arguments/uuid.ts";
import { decodedParts, type EventCodec, type EventDecoder } from "../catalogue/event-codec.ts";
import type { Statement, TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { NotFoundError } from "../errors/following.ts";
import { IndexMissingError } from "../errors/reading.ts";
import { asRecorded, type Event, type RecordedEvent } from "../model/event.ts";
import { type LogIndex, logIndexes } from "../schema/log-indexes.ts";
import {
  type CausationTree,
  type CausedEvent,
  checkCorrelationId,
  checkReadCausationOptions,
  checkReadCorrelationOptions,
  type ReadCausationOptions,
  type ReadCorrelationOptions,
} from "./causation.ts";
import { decodeLogEvent, eventsOfRow } from "./decode.ts";
import type { LogReader } from "./log-reader.ts";
import { RangePages } from "./range-pages.ts";
import type { ReaderStatements } from "./reader-statements.ts";
import { createSequence } from "./sequence.ts";
import type { EventSequence } from "./types.ts";
import type { TracePages } from "./trace-pages.ts";

export interface CausationReaderOptions {
  readonly statements: ReaderStatements;
  readonly codec: EventCodec;
  readonly tenant: string;
  readonly log: Pick<LogReader, "end" | "learnSize">;
  readonly tracePages: TracePages;
}

/** A stored event of the tree. */
interface Node {
  readonly stored: RecordedEvent;
  readonly effects: Node[];
  cut: boolean;
}

/** Reads events by what caused them, and by what they belong to. */
export class CausationReader {
  readonly #statements: ReaderStatements;
  readonly #codec: EventCodec;
  readonly #tenant: string;
  readonly #log: Pick<LogReader, "end" | "learnSize">;
  readonly #tracePages: TracePages;

  constructor({ statements, codec, tenant, log, tracePages }: CausationReaderOptions) {
    this.#tracePages = tracePages;
    this.#statements = statements;
    this.#codec = codec;
    this.#tenant = tenant;
    this.#log = log;
  }

  async readCausation<E extends Event = Event>(id: string, options?: ReadCausationOptions): Promise<CausationTree<E>> {
    const checked = checkUuid(id, "id");
    const { depth = 100, limit = 1_000, signal, as, raw } = checkReadCausationOptions(options);
    const decoder = this.#codec.decoder({ as, raw });
    await this.#requireIndex("causationId", "readCausation", signal);
    await this.#log.learnSize(signal);
    // One more than is wanted tells whether there is more.
    const rows = await this.#statements.rows(this.#statements.current.causes, [this.#tenant, checked, depth + 2], signal);
    const [stored, ...causes] = rows.map(decodeLogEvent);
    if (!stored) throw new NotFoundError("event", checked, "This tenant has no event with this id.");
    const root: Node = { stored, effects: [], cut: false };
    const grown = await this.#grow(root, depth, limit, signal);
    const [event] = firstPart<E>(stored, decoder);
    if (!event) throw new NotFoundError("event", checked, "It is stored, but the catalogue makes nothing of it; raw: true gives what is stored.");
    const causesCut = causes.length > depth;
    return {
      ...shownAs(event, root, decoder),
      causes: causes.slice(0, depth).flatMap((cause) => firstPart<E>(cause, decoder)),
      ...(causesCut && { causesCut }),
      complete: grown && !causesCut,
    };
  }

  readCorrelation<E extends Event = Event>(correlationId: string, options?: ReadCorrelationOptions): EventSequence<E> {
    const id = checkCorrelationId(correlationId, "correlationId");
    const { after = 0, until = Number.MAX_SAFE_INTEGER, direction, limit = Number.POSITIVE_INFINITY, signal, as, raw } = checkReadCorrelationOptions(options);
    const backward = direction === "backward";
    const decoder = this.#codec.decoder({ as, raw });
    const open = (): RangePages<RecordedEvent<E>> =>
      new RangePages({
        backward,
        limit,
        signal,
        windowed: false,
        limits: this.#statements.limits,
        bounds: async () => {
          await this.#requireIndex("correlationId", "readCorrelation", signal);
          return { after, until: Math.min(until, await this.#log.end(signal)) };
        },
        fetch: (range, rows) =>
          this.#statements.rows(
            this.#statements.current.correlationPage(backward, rows <= this.#statements.limits.firstRows),
            [range.after, range.until, rows, this.#tenant, id],
            signal,
          ),
        decode: eventsOfRow<E>(decoder, decodeLogEvent),
        key: (row) => toSafeInteger(row["position"]),
      });
    return createSequence(() => this.#tracePages(open(), { operation: "readCorrelation" }), signal);
  }

  /** Adds effects level by level. Returns whether they are all there. */
  async #grow(root: Node, depth: number, limit: number, signal: AbortSignal | undefined): Promise<boolean> {
    let level: readonly Node[] = [root];
    let remaining = limit;
    for (let below = 0; level.length > 0; below++) {
      if (below === depth || remaining === 0) return await this.#allShown(root, level, signal);
      const rows = await this.#effects(this.#statements.current.effects, root, level, remaining + 1, signal);
      const next: Node[] = [];
      for (const row of rows.slice(0, remaining)) {
        const node: Node = { stored: decodeLogEvent(row), effects: [], cut: false };
        causeOf(row, level)?.effects.push(node);
        next.push(node);
      }
      const [beyond] = rows.slice(remaining);
      if (beyond) return await this.#allShown(root, [...level.slice(level.findIndex((node) => node === causeOf(beyond, level))), ...next], signal);
      remaining -= next.length;
      level = next;
    }
    return true;
  }

  /** Marks those that have effects which are not in the tree. */
  async #allShown(root: Node, nodes: readonly Node[], signal: AbortSignal | undefined): Promise<boolean> {
    const shown = nodes.map(({ effects }) => effects.length);
    const most = Math.max(...shown) + 1;
    const rows = await this.#effects(this.#statements.current.countedEffects, root, nodes, most, signal);
    for (const row of rows) {
      const node = causeOf(row, nodes);
      if (node && Number(row["effects"]) > node.effects.length) node.cut = true;
    }
    return nodes.every(({ cut }) => !cut);
  }

  #effects(statement: Statement, root: Node, nodes: readonly Node[], rows: number, signal: AbortSignal | undefined): Promise<readonly TextRow[]> {
    const ids = nodes.map(({ stored }) => stored.id).join(",");
    return this.#statements.rows(statement, [this.#tenant, ids, rows, root.stored.id], signal);
  }

  async #requireIndex(key: LogIndex["key"], call: string, signal: AbortSignal | undefined): Promise<void> {
    const index = logIndexes.find((known) => known.key === key);
    if (!index) return;
    const [row] = await this.#statements.rows(this.#statements.current.indexState, [index.name], signal);
    if (row?.["valid"] === "true") return;
    const { schema } = this.#statements.current;
    throw new IndexMissingError(call, { set: index.set, index: index.name, schema }, row ? "invalid" : "missing");
  }
}

function causeOf(row: TextRow, nodes: readonly Node[]): Node | undefined {
  return nodes[Number(row["cause"]) - 1];
}

/** What an event is to today's code: of several the first. Empty: it became nothing. */
function firstPart<E extends Event>(stored: RecordedEvent, decoder: EventDecoder): readonly RecordedEvent<E>[] {
  return decodedParts(stored, decoder)
    .slice(0, 1)
    .map((part) => asRecorded<E>(part));
}

function shownAs<E extends Event>(event: RecordedEvent<E>, node: Node, decoder: EventDecoder): CausedEvent<E> {
  const { effects, cut } = effectsOf<E>(node, decoder);
  return { event, effects, ...(cut && { cut }) };
}

/** In the place of an effect of which the catalogue makes nothing stand its own effects. */
function effectsOf<E extends Event>(node: Node, decoder: EventDecoder): { readonly effects: readonly CausedEvent<E>[]; readonly cut: boolean } {
  let { cut } = node;
  const effects = node.effects.flatMap((effect) => {
    const [event] = firstPart<E>(effect.stored, decoder);
    if (event) return [shownAs(event, effect, decoder)];
    const inner = effectsOf<E>(effect, decoder);
    cut ||= inner.cut;
    return inner.effects;
  });
  return { effects, cut };
}
