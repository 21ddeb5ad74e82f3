/**
 * The parts of a visitor's turn, as the measures `gate:PART` of the browser's performance timeline. `turn` is all of it, from the card's insertion
 * to the verdict on the screen, and `check` what decides. Within that is `presence`, the card's proof, which has
 * within it `arrival`, the server's answer to the certificate; and then `entry`, the server's answer to the
 * proof. So the card took `presence` less `arrival`, and the page itself `turn` less `presence` and `entry`.
 */
export type Part = "turn" | "check" | "presence" | "arrival" | "entry";

const PARTS: readonly Part[] = ["turn", "check", "presence", "arrival", "entry"];

/** Forgets the turn before. Measures are kept until then: a gate is open all day and must not collect them. */
export function beginTurn(): void {
  for (const part of PARTS) performance.clearMeasures(nameOf(part));
}

/** Does a part of a turn, and measures it. */
export async function timed<T>(part: Part, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    measure(part, start);
  }
}

/** Leaves the time since `start` as the measure of a part. */
export function measure(part: Part, start: number): void {
  performance.measure(nameOf(part), { start, end: performance.now() });
}

function nameOf(part: Part): string {
  return `gate:${part}`;
}
