#!/usr/bin/env node
// A pinentry that a test plays. The Assuan protocol on standard input and output; the conversation,
// without what is typed, in the file `dialogs.log`; what to type in the file `answers`, a line each.
// What it is asked to confirm it does, unless there is a file `declines`.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

const folder = process.env.KAZASHI_E2E_DIALOG;

/** Takes the next answer; waits for one, as a dialog waits for a person. */
async function takeAnswer() {
  for (;;) {
    const answer = lines("answers")[lines("taken").length];
    if (answer !== undefined) {
      appendFileSync(join(folder, "taken"), "taken\n");
      return answer;
    }
    await setTimeout(20);
  }
}

/** The lines of a file that are written to their ends. */
function lines(name) {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

/** What a pinentry says when there is nothing typed. */
const failures = {
  cancel: "ERR 83886179 Operation cancelled <Pinentry>",
  "time out": "ERR 83886142 Timeout <Pinentry>",
};

async function respond(line) {
  if (line === "CONFIRM" && existsSync(join(folder, "declines"))) return failures.cancel;
  if (line !== "GETPIN") return "OK";
  const answer = await takeAnswer();
  return failures[answer] ?? `D ${answer}\nOK`;
}

// Without whoever asks, there is nobody to answer.
process.stdin.once("end", () => process.exit());
console.log("OK Pleased to meet you");
for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(join(folder, "dialogs.log"), `${line}\n`);
  console.log(await respond(line));
  // At once, as a pinentry does: whoever asked waits for it to end.
  if (line === "BYE") process.exit();
}
