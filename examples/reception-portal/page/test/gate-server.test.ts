import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CallOptions } from "../src/api.ts";
import { whileThere } from "../src/gate/server.ts";
import { PortalError } from "../src/portal-error.ts";

// Slow is not absent: what the gate makes of a server that takes its time, and of one that is gone.

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Answers after a while, or not at all; until the caller gives up, as `fetch` does. */
function after(milliseconds: number, answer: () => string) {
  return ({ signal }: CallOptions) =>
    new Promise<string>((resolve, reject) => {
      setTimeout(() => {
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      }, milliseconds);
      signal?.addEventListener("abort", () => reject(new PortalError("unreachable")));
    });
}

it.each([200, 2_000, 10_000, 30_000])("waits %i ms for a server that is there", async (time) => {
  const slow = vi.fn();
  const isHealthy = async () => true;
  const answer = whileThere(
    { isHealthy },
    slow,
    after(time, () => "revoked"),
  );
  await vi.advanceTimersByTimeAsync(time);
  expect(await answer).toBe("revoked");
  expect(slow.mock.calls.length > 0).toBe(time > 1_500);
  expect(vi.getTimerCount()).toBe(0);
});

it("lets a late refusal through", async () => {
  const refuse = () => {
    throw new PortalError("certificate-revoked");
  };
  const isHealthy = async () => true;
  const answer = whileThere({ isHealthy }, () => {}, after(11_000, refuse));
  const refusal = expect(answer).rejects.toThrow("certificate-revoked");
  await vi.advanceTimersByTimeAsync(11_000);
  await refusal;
});

it("gives up a server that does not even say that it is there", async () => {
  const isHealthy = vi.fn(async () => false);
  const answer = whileThere(
    { isHealthy },
    () => {},
    after(60_000, () => "late"),
  );
  const absence = expect(answer).rejects.toThrow("unreachable");
  await vi.advanceTimersByTimeAsync(1_499);
  expect(isHealthy).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await absence;
});
