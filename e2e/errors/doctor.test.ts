import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ofTheTests, programs, underAdministrator } from "../paths.ts";
import { writeBlankCard } from "../workstation/card.ts";
import { Workstation } from "../workstation/workstation.ts";
import { documentedWords } from "./caught.ts";

// What `kazashi-bridge doctor` finds on a workstation with a smart card service.

const origin = "https://portal.example";
let workstation: Workstation;

beforeEach(async () => {
  workstation = new Workstation();
  await workstation.start();
  await workstation.startBridge({ origin, scopes: ["events"] });
});

afterEach(() => workstation.stop());

test("nothing is in the way of a My Number Card, and it is sent SELECT only", async () => {
  await workstation.startReader();
  expect(await doctor()).toEqual({ said: "ok: Cards can be used.\n", exit: 0 });
  expect(await doctor(["--language", "ja"])).toEqual({ said: "ok: カードを使えます。\n", exit: 0 });
  const commands = workstation.holder.output.split("\n").filter((line) => line.includes(" -> "));
  expect(commands.filter((line) => !line.startsWith("00 A4 04 0C "))).toEqual([]);
  const selectsJpki = (line: string) => line.startsWith("00 A4 04 0C Nc=10 ");
  expect(commands.filter(selectsJpki)).toHaveLength(2);
  expect(selectsJpki(commands.at(-1) ?? "")).toBe(false);
});

test("without a reader", async () => {
  await workstation.startPcscd("none");
  expect(await doctor()).toEqual(await only("no-reader"));
});

test("without a card", async () => {
  await workstation.startPcscd();
  expect(await doctor()).toEqual(await only("no-smartcard"));
});

test("with a card that is no My Number Card", async () => {
  const card = join(workstation.folder, "blank");
  await writeBlankCard(card);
  await workstation.startReader(card);
  expect(await doctor()).toEqual(await only("unsupported-card"));
});

test("with a card that another program keeps to itself", async () => {
  await workstation.startReader();
  workstation.startOtherProgram("exclusive", "--keep=20000");
  await expect.poll(() => doctor()).toEqual(await only("sharing-violation"));
});

test("on a machine whose administrator named websites to browsers", async () => {
  await workstation.startReader();
  const named = (origin: string) => `${programs.bridge} machine allow-in-browsers ${origin}`;
  const unasked = (browser: string) =>
    `note: By policy, ${browser} lets ${origin} reach the bridge unasked.\n`;
  const notes = ["Chromium", "Chrome", "Edge"].map(unasked).join("");
  expect(await doctor([], named(origin))).toEqual({
    said: `ok: Cards can be used.\n${notes}`,
    exit: 0,
  });
  const { said } = await doctor([], named("https://elsewhere.example"));
  expect(said).toContain(`note: Edge has policies here, but none that names ${origin}: `);
});

/** What the doctor says of the bridge that runs, and how it exits; after an administrator's command, if any. */
function doctor(
  args: string[] = [],
  administrator?: string,
): Promise<{ said: string; exit: number }> {
  const { folder } = workstation;
  const files = ["--config", join(folder, "bridge.toml"), "--state", folder];
  const command = ["doctor", "--origin", origin, ...files, ...args];
  const env = {
    ...{ ...process.env, ...workstation.dialog.env, LC_ALL: "C.UTF-8" },
    ...(administrator && underAdministrator(programs.bridge, administrator)),
  };
  const file = administrator ? ofTheTests("under-administrator.sh") : programs.bridge;
  return new Promise((resolve) => {
    const program = execFile(file, command, { env }, (_, said) =>
      resolve({ said, exit: program.exitCode ?? -1 }),
    );
  });
}

/** That this and nothing else is in the way. */
async function only(code: string): Promise<{ said: string; exit: number }> {
  const words = (await documentedWords()).get(code);
  return { said: `${code}: ${words?.en}\n`, exit: 1 };
}
