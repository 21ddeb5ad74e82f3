import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program, run } from "../program.ts";
import { cardRoot } from "../trust.ts";
import type { Dialog } from "./dialog.ts";
import { HERE, type System } from "./system.ts";

export interface BridgeOptions {
  /** The page that may use it. */
  origin: string;
  scopes: string[];
  /** Whether other pages are told that they may not. */
  disclose?: boolean;
  /** The program that asks for PINs, if it is not the scripted dialog. */
  pinentry?: string;
  /** Runs it on a terminal of its own, where that program can show its dialog. */
  onTerminal?: boolean;
  /** The port, if it is not to take one at which pages look. */
  port?: number;
  /** A card in the bridge itself, instead of those that pcscd knows. */
  virtualCard?: string;
  /** The socket for programs, in a folder that is made for it. */
  socket?: string;
  /** The socket of a smart card service, if it is not pcscd's. */
  service?: string;
  /** How much it logs: everything, if left out. */
  log?: string | undefined;
}

/** Starts a bridge that trusts the test cards. Its state, its configuration and its log are in this folder. */
export async function startBridge(
  folder: string,
  dialog: Dialog,
  system: System,
  options: BridgeOptions,
): Promise<Program> {
  const { origin, scopes, disclose = false, pinentry = system.pinentry } = options;
  const { onTerminal = false, port, virtualCard, service, log = "trace" } = options;
  const config = join(folder, "bridge.toml");
  writeFileSync(
    config,
    [
      `pinentry = ${JSON.stringify(pinentry)}`,
      `disclose = ${disclose}`,
      "[[origin]]",
      `origin = ${JSON.stringify(origin)}`,
      `scopes = ${JSON.stringify(scopes)}`,
      ...cardRoot(folder),
    ].join("\n"),
  );
  const command = [...system.bridge, "serve", ...system.serve, "--dev", "--config", config];
  command.push("--state", folder);
  if (port) command.push("--port", String(port));
  if (options.socket) command.push("--socket", options.socket);
  if (virtualCard) command.push("--virtual-card", virtualCard);
  const elsewhere = service ? { PCSCLITE_CSOCK_NAME: service } : {};
  return await Program.ready(
    "bridge",
    onTerminal ? underTerminal(command) : command,
    `listening on 127.0.0.1:${port ?? ""}`,
    { folder, env: { ...system.env, KAZASHI_LOG: log, ...elsewhere, ...dialog.env } },
  );
}

/** The public key of the bridge whose state is in this folder, as a server enrols it. */
export async function bridgeKey(folder: string, system = HERE): Promise<string> {
  const env = { ...process.env, ...system.env };
  return (await run([...system.bridge, "enrol", "--state", folder], { env })).trim();
}

/** The command under a pseudo-terminal, by the program `script` of util-linux. */
function underTerminal(command: string[]): string[] {
  const line = command.map((word) => `'${word}'`).join(" ");
  return ["script", "--quiet", "--flush", "--return", "--command", `exec ${line}`, "/dev/null"];
}
