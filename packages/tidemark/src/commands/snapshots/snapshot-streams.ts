import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Event } from "../../model/event.ts";
import { checkedFold } from "../../read/evolve.ts";
import type { MultiStreamDecider } from "../decider.ts";
import { readStreams, type StreamsRead } from "../streams-read.ts";
import type { SnapshotAccess } from "./access.ts";
import { foldStreams, type SnapshotStreams, nameOfStreams } from "./fold-streams.ts";
import { withDefaults } from "./options.ts";

/** How the states of a decider are kept. @param snapshots - Asked only where the decider wants them. */
export function snapshotStreams<State, Command, E extends Event>(
  snapshots: () => SnapshotAccess | undefined,
  { name, snapshot }: MultiStreamDecider<State, Command, E, Event>,
): SnapshotStreams<State> | undefined {
  const access = name !== undefined && snapshot ? snapshots() : undefined;
  return access && snapshot && name !== undefined ? { access, name, options: withDefaults(snapshot) } : undefined;
}

/** After a command. Never throws. @param appended - The events that it appended to the streams that it read. */
export function considerStreams<State, Command, E extends Event>(
  snapshots: SnapshotStreams<State> | undefined,
  decider: MultiStreamDecider<State, Command, E, Event>,
  { versions, snapshotVersion }: StreamsRead<State>,
  { state, events }: { readonly state: State; readonly events: readonly { readonly streamId: string }[] },
): void {
  if (!snapshots || versions.size === 0) return;
  const streamIds = [...versions.keys()];
  const appended = events.filter(({ streamId }) => versions.has(streamId)).length;
  const version = [...versions.values()].reduce((sum, one) => sum + one, appended);
  snapshots.access.consider(nameOfStreams(snapshots, streamIds), snapshots.options, { state, version, snapshotVersion }, (access, how) =>
    foldStreams<State, E>({ ...snapshots, access }, streamIds, checkedFold(decider, "decider"), how),
  );
}

/** By hand: of the streams that the command would read. */
export async function takeOfStreams<State, Command, E extends Event>(
  access: SnapshotAccess,
  decider: MultiStreamDecider<State, Command, E, Event>,
  command: Command,
): Promise<boolean> {
  const snapshots = snapshotStreams(() => access, decider);
  if (!snapshots) throw new InvalidArgumentError("snapshot", "is missing in the definition: nothing would read a snapshot. Give it a name and snapshot: {}");
  const { versions } = await readStreams(access.reader, decider, command, { signal: undefined, snapshots, uncounted: true });
  const streamIds = [...versions.keys()];
  return await access.takeNow(nameOfStreams(snapshots, streamIds), () =>
    foldStreams<State, E>(snapshots, streamIds, checkedFold(decider, "decider"), { uncounted: true }),
  );
}
