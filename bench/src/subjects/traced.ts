import type { StoreOptions } from "tidemark";
import { instrument } from "tidemark/opentelemetry";
import { registerSdk } from "./sdk.ts";
import { openTidemark, type TidemarkSubject } from "./tidemark.ts";

/** Tidemark as an application has it that registers OpenTelemetry's SDK and instruments its store. */
export async function openTraced(url: string, options?: StoreOptions): Promise<TidemarkSubject> {
  const meterProvider = registerSdk();
  const subject = await openTidemark(url, options);
  const instrumentation = instrument(subject.store, { meterProvider });
  return {
    ...subject,
    async close() {
      instrumentation.stop();
      await meterProvider.shutdown();
      await subject.close();
    },
  };
}
