import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { built, inProject } from "./paths.ts";
import { Program, type ProgramOptions } from "./program.ts";

export interface BridgeOptions extends ProgramOptions {
  /** The page that may use it. */
  origin: string;
  scopes: string[];
  /** Whether other pages are told that they may not. */
  disclose?: boolean;
  /** The program that asks for PINs. */
  pinentry: string;
  /** The port, if it is not the one that pages expect. */
  port?: number;
  /** A card in the bridge itself, instead of those that pcscd knows. */
  virtualCard?: string;
  /** Runs it on a terminal of its own, where dialogs can be shown. */
  onTerminal?: boolean;
}

/** Starts a bridge that trusts the test cards. It logs all it can, unless the environment says otherwise. */
export async function startBridge(options: BridgeOptions): Promise<Program> {
  const config = join(options.folder, "bridge.toml");
  const cardRoot = join(options.folder, "card-root.pem");
  const authority = createPublicKey(
    readFileSync(inProject("vectors/keys/card-info-authority.pem")),
  );
  writeFileSync(cardRoot, authority.export({ type: "spki", format: "pem" }));
  writeFileSync(
    config,
    [
      `pinentry = ${JSON.stringify(options.pinentry)}`,
      `disclose = ${options.disclose ?? false}`,
      "[[origin]]",
      `origin = ${JSON.stringify(options.origin)}`,
      `scopes = ${JSON.stringify(options.scopes)}`,
      "[[card-root]]",
      `identifier = "${Buffer.from("9000033\x08\x05001\0\0\0\0").toString("hex")}"`,
      `key = ${JSON.stringify(cardRoot)}`,
    ].join("\n"),
  );
  // End-to-end tests may run as root, who alone can give each a network of its own.
  const command = [built("kazashi-bridge"), "serve", "--allow-root", "--dev", "--config", config];
  command.push("--state", options.folder);
  const { port = 27390 } = options;
  command.push("--port", String(port));
  if (options.virtualCard) command.push("--virtual-card", options.virtualCard);
  const bridge = Program.start("bridge", options.onTerminal ? onTerminal(command) : command, {
    folder: options.folder,
    env: { TERM: "xterm", LC_ALL: "C.UTF-8", KAZASHI_LOG: "trace", ...options.env },
  });
  await bridge.says(`listening on 127.0.0.1:${port}`);
  return bridge;
}

/** The public key of the bridge whose state is in this folder, as a server enrols it. */
export async function bridgeKey(folder: string): Promise<string> {
  const command = ["enrol", "--state", folder];
  const { stdout } = await promisify(execFile)(built("kazashi-bridge"), command);
  return stdout.trim();
}

/** The command under a pseudo-terminal, by the program `script` of util-linux. */
function onTerminal(command: string[]): string[] {
  const line = command.map((word) => `'${word}'`).join(" ");
  return ["script", "--quiet", "--flush", "--return", "--command", `exec ${line}`, "/dev/null"];
}
