import { expect, it, vi } from "vitest";
import type { Api, BoardVisit } from "../src/api.ts";
import { Visits } from "../src/board/visits.ts";

const { signal } = new AbortController();
const day = "2026-11-25";

/** The last so many of so many visits, newest first. */
function page(newest: number, count: number, total: number) {
  const numbers = Array.from({ length: count }, (_, index) => newest - index);
  const visits = numbers.map((number) => ({ id: `visit-${number}`, number }) as BoardVisit);
  return { visits, total };
}

function visitsOf(answer: Api["visits"], found: Partial<Api> = {}) {
  const ask = vi.fn(answer);
  return { visits: new Visits({ visits: ask, ...found } as unknown as Api), ask };
}

const numbers = (visits: Visits) => visits.rows.map(({ number }) => number);

it("asks for what comes after the last row", async () => {
  const { visits, ask } = visitsOf(async ({ after }) => page(after ? 3 : 5, 2, 5));
  await visits.load({ day, search: "" }, signal);
  await visits.more({ day, search: "" }, signal);
  expect(ask.mock.calls.map(([query]) => query)).toEqual([{ day }, { day, after: "visit-4" }]);
  expect(numbers(visits)).toEqual([5, 4, 3, 2]);
  expect(visits.total).toBe(5);
});

it("shows no visit twice when others came in between", async () => {
  const { visits } = visitsOf(async ({ after }) => page(after ? 4 : 5, 2, 6));
  await visits.load({ day, search: "" }, signal);
  await visits.more({ day, search: "" }, signal);
  expect(numbers(visits)).toEqual([5, 4, 3]);
});

it("asks again for as many rows as are shown", async () => {
  const { visits } = visitsOf(async ({ after }) =>
    after ? page(Number(after.split("-")[1]) - 1, 2, 7) : page(7, 2, 7),
  );
  await visits.load({ day, search: "" }, signal, 4);
  expect(numbers(visits)).toEqual([7, 6, 5, 4]);
});

it("shows the answer to the last question, whichever comes last", async () => {
  let answerFirst = () => {};
  const unanswered = new Promise<ReturnType<typeof page>>((resolve) => {
    answerFirst = () => resolve(page(5, 2, 5));
  });
  const { visits } = visitsOf(() => unanswered, { findVisits: async () => page(3, 1, 1) });
  const first = visits.load({ day, search: "" }, signal);
  expect(await visits.load({ day, search: "S" }, signal)).toBe(true);
  answerFirst();
  expect(await first).toBe(false);
  expect(numbers(visits)).toEqual([3]);
});
