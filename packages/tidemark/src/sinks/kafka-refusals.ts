/**
 * The error codes of Kafka's protocol with which a broker says that it will never take a record, each with what it means. Those that
 * concern everything a client sends, such as a cluster that it may not write to, are no refusals: the relay holds.
 */
const refusals: Readonly<Record<number, string>> = {
  3: "there is no such topic",
  10: "it is larger than its topic or broker allows (max.message.bytes)",
  17: "no topic can have this name",
  18: "it is larger than a segment of its topic (segment.bytes)",
  29: "this client may not write to its topic",
  32: "its topic takes no such timestamp",
  44: "a policy of the broker forbids it",
  87: "the broker calls it invalid",
};

/** Why the broker will never take a record of this topic. Undefined: that is not what the code says. */
export function kafkaRefusal(code: unknown, topic: string): string | undefined {
  const meaning = typeof code === "number" ? refusals[code] : undefined;
  return meaning === undefined ? undefined : `${meaning}: topic ${JSON.stringify(topic)}, error ${String(code)} of Kafka`;
}
