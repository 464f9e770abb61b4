import type { Comparison, Scenario, Setting, Target } from "../scenario.ts";
import { type BareReads, openBareReads } from "../subjects/bare-reads.ts";
import { openEmmett } from "../subjects/emmett.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { contestant } from "../subjects/open.ts";
import { openTidemark, type TidemarkSubject } from "../subjects/tidemark.ts";

const streams = 50;
const streamLength = 1_000;
const streamId = (n: number): string => `cart-${n}`;

async function openStoreAndBareDriver(setting: Setting): Promise<{ store: TidemarkSubject; bare: BareReads }> {
  const { subject: store, url } = await openWithEvents(setting, openTidemark, streams * streamLength);
  const bare = openBareReads(url);
  setting.cleanup.defer(() => bare.close());
  return { store, bare };
}

export const readOneStream: Scenario = {
  number: 5,
  title: "Read a stream of 1,000 events",
  about:
    "Every call reads one of 50 such streams into an array. Bare driver: one prepared query on Tidemark's tables, all columns, the driver's own parsers, objects with numbers and dates.",
  async prepare(setting) {
    const { store, bare } = await openStoreAndBareDriver(setting);
    const emmett = setting.withPeers ? (await openWithEvents(setting, openEmmett, streams * streamLength)).subject : undefined;
    const random = (): string => streamId(Math.floor(Math.random() * streams));
    const targets: readonly Target[] = [
      { against: "Emmett", atLeast: 1.5 },
      { against: "bare driver", atLeast: 0.8 },
    ];
    return [1, 10].map((callers): Comparison => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "Tidemark",
      contestants: [
        contestant("bare driver", callers, () => bare.readStream(random())),
        contestant("Tidemark", callers, () => store.readStream(random())),
        ...(emmett ? [contestant("Emmett", callers, () => emmett.readStream(random()))] : []),
      ],
      targets,
    }));
  },
};

export const readWholeLog: Scenario = {
  number: 6,
  title: "Read the whole log from its start",
  about:
    "Every call reads all 50,000 events of 50 streams. Bare driver: pages of 1,000 by position, with stream names, as above. Cursor: FETCH of 1,000 rows, no column parsed.",
  async prepare(setting) {
    const { store, bare } = await openStoreAndBareDriver(setting);
    return [
      {
        label: "1 caller",
        subject: "Tidemark",
        contestants: [
          contestant("bare driver", 1, () => bare.readAll()),
          contestant("Tidemark", 1, () => store.readAll()),
          contestant("cursor", 1, () => bare.fetchAll()),
        ],
        targets: [{ against: "bare driver", atLeast: 0.85 }],
      },
    ];
  },
};
