import type { LiveReader } from "./live-reader.ts";

/** The readers whose bytes these bodies would carry. */
const readers = new WeakMap<ReadableStream<Uint8Array>, LiveReader>();

/** The body of a server-sent event stream. Made as it is read: a client that does not read costs a place in the log. */
export function eventStream(reader: LiveReader): ReadableStream<Uint8Array> {
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (reader.opened) return reader.flow();
        reader.open({
          write(bytes) {
            controller.enqueue(bytes);
            return false;
          },
          end: () => controller.close(),
        });
      },
      cancel: () => reader.leave(),
    },
    { highWaterMark: 0 },
  );
  readers.set(body, reader);
  return body;
}

/**
 * The reader behind a body that nobody has read from: whoever asks writes its bytes without the stream, whose promises cost more than
 * the sockets. Undefined for all other bodies.
 */
export function takeReader(body: ReadableStream<Uint8Array>): LiveReader | undefined {
  const reader = readers.get(body);
  if (!reader || reader.opened || body.locked) return undefined;
  // Nobody else reads from it now.
  body.getReader();
  return reader;
}
