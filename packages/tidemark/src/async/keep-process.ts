/** setInterval takes no longer; it never has to fire. */
const longestMs = 2_147_483_647;

/**
 * Keeps the process running until what it returns is called.
 *
 * No timer of a follower or a worker, and no connection that listens, keeps a process by itself: a store that was not closed has a
 * follower in the background when it has inline projections, and would keep the process for ever. What the caller began does keep it,
 * with this: a worker that was started, a subscription, a wait.
 */
export function keepProcess(): () => void {
  const timer = setInterval(() => {}, longestMs);
  return () => clearInterval(timer);
}
