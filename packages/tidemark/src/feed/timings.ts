/** How long following waits for what. Tests make some of them so long or short that one way of waking is left. */
export interface FollowTimings {
  /** Between two polls while something happens, and after each notification. */
  readonly quickMs: number;
  /** While nothing does: what a lost notification costs at most, and an idle process once. */
  readonly slowMs: number;
  /** Between two looks at the log, however many notifications come: 100 a second cost the writers nothing that can be measured, 1,000 a sixth. */
  readonly leastMs: number;
  /** A notification of one's own that has not been heard by then will not be. */
  readonly heardWithinMs: number;
}

export const defaultTimings: FollowTimings = { quickMs: 50, slowMs: 1_000, leastMs: 8, heardWithinMs: 5_000 };
