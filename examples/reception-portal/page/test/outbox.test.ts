import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Api, NewVisit, RecordedVisit } from "../src/api.ts";
import type { Outbox } from "../src/desk/outbox.ts";
import { PortalError } from "../src/portal-error.ts";
import { MemoryStorage } from "./memory-storage.ts";

vi.stubGlobal("sessionStorage", new MemoryStorage());
const desk = await import("../src/desk/outbox.ts");

const VISIT = { id: "1" } as NewVisit;
const RECORDED = { visit: { id: "1", number: 7 } } as RecordedVisit;

/** As much of the server as an outbox speaks to: it refuses in turn, and then records. */
class FakeApi {
  account: string | undefined = "hana";
  mark = "the first session";
  readonly refusals: string[] = [];
  readonly recordVisit = vi.fn(async () => {
    const refusal = this.refusals.shift();
    if (refusal) throw new PortalError(refusal);
    return RECORDED;
  });
  readonly session = vi.fn(async () => {});
}

let api: FakeApi;
let outbox: Outbox;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", new EventTarget());
  api = new FakeApi();
  outbox = new desk.Outbox(api as unknown as Api);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Long enough for whatever is sent again. */
const pass = () => vi.advanceTimersByTimeAsync(20_000);

test("what the server does not answer is sent until it does", async () => {
  api.refusals.push("unreachable", "unavailable", "signed-out");
  const { answer, silence } = outbox.send(VISIT);
  await silence;
  expect(outbox.waiting).toBe(1);
  await pass();
  expect(await answer).toBe(RECORDED);
  expect(api.recordVisit).toHaveBeenCalledTimes(4);
  expect(outbox.waiting).toBe(0);
});

test("what was made in the session of one account is not sent from that of another", async () => {
  api.refusals.push("signed-out");
  const { answer } = outbox.send(VISIT);
  await vi.advanceTimersByTimeAsync(1);
  api.account = "taro";
  await pass();
  expect(api.recordVisit).toHaveBeenCalledOnce();
  expect(outbox.missing).toEqual(["hana"]);
  api.account = "hana";
  await pass();
  expect(await answer).toBe(RECORDED);
  expect(outbox.missing).toEqual([]);
});

test("a refusal counts only in the session that this page knows of", async () => {
  // Another page of this browser has signed in anew.
  api.refusals.push("forbidden");
  api.session.mockImplementationOnce(async () => {
    api.mark = "the second session";
  });
  const first = outbox.send(VISIT);
  await pass();
  expect(await first.answer).toBe(RECORDED);

  api.refusals.push("forbidden");
  const second = outbox.send(VISIT);
  void outbox.leave(second);
  await pass();
  await expect(second.answer).rejects.toMatchObject({ code: "forbidden" });
  expect(outbox.late).toMatchObject([{ outcome: { refused: { code: "forbidden" } } }]);
});
