import type { Invariant } from "../invariant.ts";

export const oneSchema: Invariant = {
  id: "M1",
  title: "Processes that start together, and are killed while they do, leave every migration applied once",
  check({ final }, { checked, anomaly }) {
    checked(final.migrations.length);
    if (final.migrations.some((id, index) => id !== index + 1) || final.migrations.length === 0)
      anomaly(`the migrations applied are ${final.migrations.join(", ")}`);
  },
};
