// The other process of two-processes.test.ts: a worker whose handler appends, instrumented by the real SDK. Reports its spans.
import { defineConsumer, openEventStore } from "tidemark";
import { instrument, type InstrumentOptions } from "tidemark/opentelemetry";
import { Sdk } from "./sdk.ts";

export interface Orders {
  readonly url: string;
  readonly schema: string;
  readonly handlerParent: NonNullable<InstrumentOptions["handlerParent"]>;
}

async function obey({ url, schema, handlerParent }: Orders): Promise<void> {
  await using sdk = new Sdk();
  await using store = await openEventStore(url, { schema, migrate: "off" });
  using _instrumentation = instrument(store, { handlerParent, tracerProvider: sdk.tracerProvider, meterProvider: sdk.meterProvider });
  const mailer = defineConsumer({
    name: "mailer",
    filter: { types: ["ItemAdded"] },
    async handle(_event, context) {
      await context.appendToStream("mail-1", [{ type: "MailSent", data: {} }]);
    },
  });
  await using worker = store.createWorker({ consumers: [mailer], timers: false });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  process.send?.(sdk.spans());
  process.disconnect();
}

process.once("message", (orders: Orders) => void obey(orders));
