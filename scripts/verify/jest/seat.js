import { documentProjection } from "tidemark";

export const seat = {
  initialState: () => ({ by: undefined }),
  evolve: (_state, event) => ({ by: event.type === "SeatTaken" ? event.data.by : undefined }),
  decide: (command, state) => {
    if (state.by !== undefined) throw new Error(`the seat is ${state.by}'s`);
    return [{ type: "SeatTaken", data: { by: command.take } }];
  },
};

/** Whoever sits at `from` moves to `to`. */
export const swap = {
  reads: ({ from, to }) => [from, to],
  initialState: () => ({}),
  evolve: (seats, event) => (event.type === "SeatTaken" ? { ...seats, [event.streamId]: event.data.by } : seats),
  decide: ({ from, to }, seats) => {
    if (seats[from] === undefined || seats[to] !== undefined) throw new Error("nothing to swap");
    return [
      { streamId: from, events: [{ type: "SeatFreed", data: {} }] },
      { streamId: to, events: [{ type: "SeatTaken", data: { by: seats[from] } }] },
    ];
  },
};

/** One seat a room. */
export const enrol = {
  query: ({ room }) => [{ types: ["SeatTaken"], tags: [`room:${room}`] }],
  initialState: () => 0,
  evolve: (taken) => taken + 1,
  decide: ({ room, by }, taken) => {
    if (taken > 0) throw new RangeError(`room ${room} is full`);
    return [{ type: "SeatTaken", data: { by }, tags: [`room:${room}`] }];
  },
};

export const takenSeats = documentProjection({
  name: "taken-seats",
  mode: "inline",
  collection: "taken_seats",
  documentId: (event) => event.streamId,
  evolve: { SeatTaken: (_, { data }) => ({ by: data.by }), SeatFreed: () => null },
});
