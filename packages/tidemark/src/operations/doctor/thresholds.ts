/** From where on the doctor finds something worth telling. */
export interface DoctorThresholds {
  readonly markHeldMs: number;
  readonly behindMs: number;
  /** A lease is never longer than this. */
  readonly leaseMs: number;
  /** Dead rows, and their part of all. */
  readonly deadRows: number;
  readonly deadPart: number;
  /** Rows of a table that was never analysed. */
  readonly unanalysedRows: number;
  /** Bytes of an index that is never used. */
  readonly unusedBytes: number;
  /** Of the 2^31 transaction ids that there are. */
  readonly transactionAge: number;
  /** Days until the log doubles, and bytes below which nobody minds. */
  readonly doublingDays: number;
  readonly growthBytes: number;
  readonly retainedBytes: number;
  readonly connectionsPart: number;
  readonly locksPart: number;
}

export const defaultThresholds: DoctorThresholds = {
  markHeldMs: 10_000,
  behindMs: 300_000,
  leaseMs: 3_600_000,
  deadRows: 10_000,
  deadPart: 0.3,
  unanalysedRows: 10_000,
  unusedBytes: 64 * 1024 * 1024,
  transactionAge: 1_000_000_000,
  doublingDays: 30,
  growthBytes: 10 * 1024 * 1024 * 1024,
  retainedBytes: 1024 * 1024 * 1024,
  connectionsPart: 0.8,
  locksPart: 0.5,
};
