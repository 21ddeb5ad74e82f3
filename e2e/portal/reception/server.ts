import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { programs } from "../../paths.ts";
import { Program } from "../../program.ts";
import { INSTITUTION, virtualCards } from "../../trust.ts";
import { bridgeKey } from "../../workstation/bridge.ts";
import { HERE } from "../../workstation/system.ts";

/** Who opens the desks of the tests; an administrator. */
export const ACCOUNT = { name: "hana", password: "correct horse battery" };

/** A server of the reception portal, to be started. */
export interface PortalServerOptions {
  port: number;
  /** `sqlite:FILE` or `postgres://…`. */
  database: string;
  /** How browsers name it, if that is not by its port. */
  origin?: string;
  /** Further arguments of `kazashi-portal serve`. */
  args?: string[];
  /** A file with the serial numbers of revoked certificates; without one, nobody is asked. */
  revoked?: string | undefined;
}

/**
 * Starts a server of the portal, which believes the virtual cards and has a key that they trust. It
 * knows the bridge whose state is in this folder, and keeps its keys and its log there.
 */
export async function startPortalServer(
  folder: string,
  { port, database, origin, args = [], revoked }: PortalServerOptions,
  system = HERE,
): Promise<Program> {
  const portal = revoked === undefined ? system.portal : [programs.portalWithRevocation];
  const pairwiseKey = join(folder, "pairwise.key");
  writeFileSync(pairwiseKey, Buffer.alloc(32, "portal"));
  const bridge = await bridgeKey(folder, system);
  return await Program.ready(
    "portal",
    [
      ...[...portal, "serve", "--port", String(port), "--database", database],
      ...["--pairwise-key", pairwiseKey, ...virtualCards(folder), ...INSTITUTION],
      ...["--institution-ja", "かざし町役場", "--institution-en", "Kazashi Town Hall"],
      ...[`--bridge=desk=${bridge}`, ...(origin ? ["--origin", origin] : []), ...args],
    ],
    args.includes("--check") ? "nothing stands against serving" : "serving http",
    { folder, env: { ...system.env, ...(revoked && { KAZASHI_E2E_REVOKED: revoked }) } },
  );
}

/** Adds the account to the database. */
export async function addAccount(folder: string, database: string, system = HERE): Promise<void> {
  const { name, password } = ACCOUNT;
  const options = ["--role", "administrator", "--database", database];
  const command = [...system.portal, "account", "add", name, ...options];
  const program = Program.start("account", command, { folder, env: system.env });
  program.type(`${password}\n`);
  await program.finish();
}
