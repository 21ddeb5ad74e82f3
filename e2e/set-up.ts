import { afterAll, beforeAll } from "vitest";

/** Something that goes on until it is stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Something that tests need. It can be stopped even if it has not, or not wholly, started. */
export interface Startable extends Stoppable {
  start(): Promise<void>;
}

/** Has something started before the tests that follow, and stopped after them. To start may take so long. */
export function setUp<T extends Startable>(it: T, milliseconds?: number): T {
  beforeAll(() => it.start(), milliseconds);
  afterAll(() => it.stop());
  return it;
}
