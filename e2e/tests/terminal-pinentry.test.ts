import { afterEach, expect, test } from "vitest";
import { Stack } from "../harness/stack.ts";

// Real programs that ask for a PIN, on a pseudo-terminal.

let stack: Stack;

afterEach(() => stack?.stop());

test("a person types the PIN into pinentry-tty", async () => {
  stack = await Stack.start(pinentry("pinentry-tty"));
  const page = await stack.openPage();
  await page.pressSignIn();

  await stack.bridge?.says("PIN:");
  expect(stack.bridge?.output).toContain(stack.origin);
  expect(stack.bridge?.output).toContain("Tries left: 3");
  stack.bridge?.type("1234\n");
  await page.subject();
});

test("a person types the PIN into pinentry-curses", async () => {
  stack = await Stack.start(pinentry("pinentry-curses"));
  const page = await stack.openPage();
  await page.pressSignIn();

  await stack.bridge?.says("PIN:");
  stack.bridge?.type("1234\r");
  await page.subject();
});

const pinentry = (program: string) =>
  ({ name: program, cardIn: "pcscd", terminalPinentry: `/usr/bin/${program}` }) as const;
