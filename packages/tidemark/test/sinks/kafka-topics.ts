import { Admin, Consumer } from "@platformatic/kafka";
import type { ReceivedMessage } from "tidemark/testing";

/** A record as it stands in a topic. */
export interface StoredRecord extends ReceivedMessage {
  readonly key: string;
  readonly partition: number;
}

let names = 0;

/** Topics of a broker, made and read by the tests. Each call has a connection of its own, as brokers are killed in between. */
export class KafkaTopics {
  readonly #brokers: string[];

  constructor(...brokers: string[]) {
    this.#brokers = brokers;
  }

  /** @param leader - Of the only partition, whose other replica is the other broker. */
  async createOnTwo(leader: 1 | 2, leastReplicas: 1 | 2): Promise<string> {
    const topic = `tidemark-${process.pid}-${++names}`;
    const assignments = [{ partition: 0, brokers: [leader, 3 - leader] }];
    const configs = [{ name: "min.insync.replicas", value: `${leastReplicas}` }];
    await this.admin((admin) => admin.createTopics({ topics: [topic], partitions: -1, replicas: -1, assignments, configs }));
    return topic;
  }

  async create({
    partitions = 3,
    replicas = 1,
    configs = {},
  }: { partitions?: number; replicas?: number; configs?: Record<string, string> } = {}): Promise<string> {
    const topic = `tidemark-${process.pid}-${++names}`;
    await this.admin((admin) =>
      admin.createTopics({ topics: [topic], partitions, replicas, configs: Object.entries(configs).map(([name, value]) => ({ name, value })) }),
    );
    return topic;
  }

  async admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin({ clientId: "tests", bootstrapBrokers: this.#brokers, retries: 20, retryDelay: 250 });
    try {
      return await use(admin);
    } finally {
      await admin.close();
    }
  }

  /** All that a topic holds, one partition after the other. */
  async records(topic: string): Promise<StoredRecord[]> {
    const consumer = new Consumer({
      clientId: "tests",
      groupId: `tests-${process.pid}-${++names}`,
      bootstrapBrokers: this.#brokers,
      retries: 20,
      retryDelay: 250,
    });
    try {
      const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
      const total = Number(ends.reduce((sum, end) => sum + end, 0n));
      if (total === 0) return [];
      const found: StoredRecord[] = [];
      const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false, maxWaitTime: 100 });
      for await (const { key, value, headers, partition } of stream) {
        const named = Object.fromEntries([...headers].map(([name, text]) => [name.toString(), text.toString()]));
        found.push({ id: String(named["tidemark-event-id"]), key: key.toString(), partition, body: value, headers: named });
        if (found.length === total) break;
      }
      return found.toSorted((a, b) => a.partition - b.partition);
    } finally {
      await consumer.close(true);
    }
  }

  /** How many records a topic holds. */
  async count(topic: string, partitionCount = 3): Promise<number> {
    return await this.admin(async (admin) => {
      const partitions = Array.from({ length: partitionCount }, (_, n) => n).map((partitionIndex) => ({ partitionIndex, timestamp: -1n }));
      const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
      return Number((found?.partitions ?? []).reduce((sum, { offset }) => sum + offset, 0n));
    });
  }
}
