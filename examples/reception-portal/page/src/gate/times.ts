/**
 * The parts of a check, as `performance.measure` shows them: `presence` is the card's proof with the
 * `arrival` (the server's answer to the certificate) within it, `entry` the server's answer to the proof. So the card
 * took `presence` less `arrival`, the server `arrival` and `entry`, and the page the rest of `check`.
 */
export type Part = "check" | "presence" | "arrival" | "entry";

/** Does a part of a check, and leaves its time as the measure `gate:PART` in place of the last one's. */
export async function timed<T>(part: Part, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    const name = `gate:${part}`;
    // Measures are kept until they are cleared: a gate that is open all day must not collect them.
    performance.clearMeasures(name);
    performance.measure(name, { start, end: performance.now() });
  }
}
