import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { programs } from "../../paths.ts";
import { Program } from "../../program.ts";
import { INSTITUTION, virtualCards } from "../../trust.ts";
import { bridgeKey } from "../../workstation/bridge.ts";

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
): Promise<Program> {
  const program = revoked === undefined ? programs.portal : programs.portalWithRevocation;
  const pairwiseKey = join(folder, "pairwise.key");
  writeFileSync(pairwiseKey, Buffer.alloc(32, "portal"));
  return await Program.ready(
    "portal",
    [
      ...[program, "serve", "--port", String(port), "--database", database],
      ...["--pairwise-key", pairwiseKey, ...virtualCards(folder), ...INSTITUTION],
      ...["--institution-ja", "かざし町役場", "--institution-en", "Kazashi Town Hall"],
      ...[`--bridge=desk=${await bridgeKey(folder)}`, ...(origin ? ["--origin", origin] : [])],
      ...args,
    ],
    "serving http",
    { folder, ...(revoked && { env: { KAZASHI_E2E_REVOKED: revoked } }) },
  );
}

/** Adds the account to the database. */
export async function addAccount(folder: string, database: string): Promise<void> {
  const { name, password } = ACCOUNT;
  const options = ["--role", "administrator", "--database", database];
  const command = [programs.portal, "account", "add", name, ...options];
  const program = Program.start("account", command, { folder });
  program.type(`${password}\n`);
  await program.finish();
}
