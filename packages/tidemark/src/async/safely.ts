/**
 * A callback of the user's that tells of something: what it throws, or rejects with, must not stop the work that it is told of, nor end the process.
 *
 * @param onThrown - Gets that instead.
 */
export function safely<T>(callback: (told: T) => unknown, onThrown: (thrown: unknown) => void): (told: T) => void {
  return (told) => {
    try {
      void Promise.resolve(callback(told)).catch(onThrown);
    } catch (thrown) {
      onThrown(thrown);
    }
  };
}
