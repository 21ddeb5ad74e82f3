import { afterEach, expect } from "vitest";
import { retriesLeft } from "../../workstation/card.ts";
import type { Desk } from "./desk.ts";
import type { Reception } from "./reception.ts";

/** The visits that desks have shown as recorded. */
export class ShownVisits {
  /** Their ids, in order. */
  readonly visits: string[] = [];

  /** The desk shows that a visit is recorded: one that none has shown before. */
  async add(desk: Desk): Promise<void> {
    const id = await desk.page.locator(".big-number").getAttribute("data-visit");
    expect(this.visits).not.toContain(id);
    this.visits.push(id ?? "");
  }
}

/**
 * Has what the server has recorded be, after each test, what the desks have shown, each visit once; and
 * no try of the PIN be lost.
 */
export function setUpShownVisits(reception: Reception): ShownVisits {
  const shown = new ShownVisits();
  afterEach(async () => {
    const recorded = (await reception.staff.visits()).reverse();
    expect(recorded.map(({ id }) => id)).toEqual(shown.visits);
    expect(recorded.map(({ number }) => number)).toEqual(shown.visits.map((_, at) => at + 1));
    expect(reception.server.ended).toBe(false);
    expect(await retriesLeft(reception.workstation.card)).toBe(3);
  });
  return shown;
}
