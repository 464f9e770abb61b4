import { aggregate, type AggregateClass, type Aggregate, isTidemarkError, type Repository, repository } from "tidemark";
import { type Actor, type Call, newEvents, OwnError, outcomeOf } from "../call.ts";
import { wrongError } from "../errors.ts";
import type { ModelEvent } from "../model.ts";

type Added = { readonly type: string; readonly data: { readonly n: number } };
type Numbers = readonly number[];
interface Collecting extends Aggregate<Numbers, Added> {
  add(events: readonly ModelEvent[]): void;
}
type Collected = AggregateClass<Numbers, Added, Collecting>;

/** By category: an actor's streams are of one. */
const classes = new Map<string, Collected>();

function classOf(category: string): Collected {
  const known = classes.get(category);
  if (known) return known;
  const collect = (state: Numbers, { data }: Added): Numbers => [...state, data.n];
  const evolve = { ItemAdded: collect, ItemRemoved: collect, CartConfirmed: collect };
  const made = class extends aggregate<Numbers, Added>({ category, initialState: () => [], evolve, snapshot: { every: 4, stateVersion: 1 } }) {
    add(events: readonly ModelEvent[]): void {
      for (const event of newEvents(events)) this.apply(event);
    }
  };
  classes.set(category, made);
  return made;
}

/** The aggregate that a stream is of. */
export function aggregateOf({ name }: Actor, streamId: string): { readonly type: Collected; readonly id: string; readonly streamId: string } {
  return { type: classOf(name), id: streamId.slice(name.length + 1), streamId };
}

function differs(what: string, { state, version, pending, streamId }: Collecting, { model }: Pick<Actor, "model">): string | undefined {
  const wanted = model.events(streamId).map(({ n }) => n);
  if (state.join() === wanted.join() && version === wanted.length && pending.length === 0) return undefined;
  return `${what} ${streamId} is ${state.join()} at ${version} with ${pending.length} pending, and should be ${wanted.join()}`;
}

/** Loads an aggregate, changes it and saves it, twice: the second time there is nothing to save. */
export async function changeAggregate(actor: Actor, collection: Repository<Collecting>, id: string): Promise<string | undefined> {
  const loaded = await collection.loadOrCreate(id);
  const found = differs("what was loaded of", loaded, actor);
  if (found !== undefined) return found;
  const events = actor.events(3);
  loaded.add(events);
  const result = await collection.save(loaded);
  actor.model.append(loaded.streamId, events);
  const version = actor.model.version(loaded.streamId);
  if (result?.version !== version) return `saving ${loaded.streamId} told version ${result?.version}, not ${version}`;
  if ((await collection.save(loaded)) !== undefined) return `${loaded.streamId} was saved, and saved again`;
  return differs("what was saved of", loaded, actor);
}

const change: Call = {
  name: "repository.save",
  async run(actor) {
    const { type, id } = aggregateOf(actor, actor.stream());
    return changeAggregate(actor, repository(actor.store, type), id);
  },
};

const load: Call = {
  name: "repository.load",
  async run(actor) {
    const { type, id, streamId } = aggregateOf(actor, actor.stream());
    const collection = repository(actor.store, type);
    const there = actor.model.version(streamId) > 0;
    if ((await collection.exists(id)) !== there) return `${streamId} is said ${there ? "not " : ""}to exist`;
    const outcome = await outcomeOf(() => collection.load(id));
    if ("value" in outcome) return differs("what was loaded of", outcome.value, actor);
    return !there && isTidemarkError(outcome.error, "NOT_FOUND") ? undefined : `${streamId}: ${String(wrongError(outcome.error) ?? outcome.error)}`;
  },
};

/** Two copies of one aggregate: the one that is saved later is refused, and keeps what it wanted to save. */
const conflict: Call = {
  name: "repository.save, of two copies",
  async run(actor) {
    const { type, id, streamId } = aggregateOf(actor, actor.stream());
    const collection = repository(actor.store, type);
    const [one, other] = [await collection.loadOrCreate(id), await collection.loadOrCreate(id)];
    const [events, inVain] = [actor.events(2), actor.events(2)];
    one.add(events);
    other.add(inVain);
    await collection.save(one);
    actor.model.append(streamId, events);
    const outcome = await outcomeOf(() => collection.save(other));
    if ("value" in outcome) return `two copies of ${streamId} were saved`;
    if (!isTidemarkError(outcome.error, "VERSION_CONFLICT")) return String(wrongError(outcome.error) ?? outcome.error);
    return other.pending.length === inVain.length
      ? differs("after a conflict", await collection.loadOrCreate(id), actor)
      : `what was not saved of ${streamId} is lost`;
  },
};

const update: Call = {
  name: "repository.update",
  async run(actor) {
    const { type, id, streamId } = aggregateOf(actor, actor.stream());
    const [events, throws] = [actor.events(3), actor.random.chance(0.3)];
    const outcome = await outcomeOf(() =>
      repository(actor.store, type).update(id, (loaded) => {
        loaded.add(events);
        if (throws) throw new OwnError("the update threw");
      }),
    );
    if ("error" in outcome) return throws && outcome.error instanceof OwnError ? undefined : String(wrongError(outcome.error) ?? outcome.error);
    actor.model.append(streamId, events);
    return throws ? `an update of ${streamId} that threw succeeded` : differs("what was updated of", outcome.value, actor);
  },
};

/** An aggregate that is saved in a transaction: what a rollback takes away is saved when it is saved again, and nothing else. */
const inTransaction: Call = {
  name: "repository.save, in a transaction",
  async run(actor) {
    const { store, model, random } = actor;
    const { type, id, streamId } = aggregateOf(actor, actor.stream());
    const [events, later, rollsBack] = [actor.events(2), random.chance(0.5) ? actor.events(2) : [], random.chance(0.5)];
    const collection = repository(store, type);
    const loaded = await collection.loadOrCreate(id);
    loaded.add(events);
    const outcome = await outcomeOf(() =>
      store.transaction(async (tx) => {
        await repository(tx, type).save(loaded);
        if (rollsBack) throw new OwnError("the callback threw");
      }),
    );
    if ("error" in outcome && !(rollsBack && outcome.error instanceof OwnError)) return String(wrongError(outcome.error) ?? outcome.error);
    if (!rollsBack) model.append(streamId, events);
    loaded.add(later);
    const left = [...(rollsBack ? events : []), ...later];
    const result = await collection.save(loaded);
    model.append(streamId, left);
    if ((result === undefined) !== (left.length === 0)) return `saving ${streamId} after its transaction told ${result?.version} for ${left.length} events`;
    return differs("what was saved after its transaction of", loaded, actor) ?? differs("what was loaded of", await collection.loadOrCreate(id), actor);
  },
};

export const repositoryCalls: readonly Call[] = [change, load, conflict, update, inTransaction];
