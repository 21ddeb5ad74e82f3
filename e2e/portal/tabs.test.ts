import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { setUpReception } from "./reception/reception.ts";

// Many tabs of one browser, which by HTTP/1.1 has six connections for all of them.

const reception = setUpReception();
const { workstation } = reception;

test("seven boards stand open beside a desk that receives, and tell of it whichever is closed", async () => {
  const boards: Page[] = [];
  for (let number = 1; number <= 7; number += 1) boards.push(await reception.open("board"));
  const live = boards.map((board) => board.locator('.board-state[data-live="true"]').waitFor());
  await Promise.all(live);
  const shown = async (count: number) => {
    const rows = boards.map((board) => board.locator(".board-table tbody tr").nth(count - 1));
    await Promise.all(rows.map((row) => row.waitFor()));
  };

  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234");
  await desk.choosePin();
  expect(await desk.number()).toBe(1);
  await shown(1);
  await workstation.removeCard();

  // The first has the stream that tells the others.
  await boards.shift()?.close();
  await workstation.insertCard();
  workstation.dialog.type("1234");
  await desk.choosePin();
  expect(await desk.number()).toBe(2);
  await shown(2);
});
