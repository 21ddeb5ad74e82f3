import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { built } from "./paths.ts";
import { Program } from "./program.ts";
import { INSTITUTION, virtualCards } from "./sign-in.ts";

/** Who opens the desks of the tests; an administrator. */
export const ACCOUNT = { name: "hana", password: "correct horse battery" };

/** A server of the reception portal, to be started. */
export interface PortalServerOptions {
  /** Where its log and its keys are. */
  folder: string;
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

/** Starts a server of the portal, which believes the virtual cards and has a key that they trust. */
export async function startPortalServer(options: PortalServerOptions): Promise<Program> {
  const { folder, port, database, origin, args = [], revoked } = options;
  const program = revoked === undefined ? "kazashi-portal" : "portal-with-revocation";
  const pairwiseKey = join(folder, "pairwise.key");
  writeFileSync(pairwiseKey, Buffer.alloc(32, "portal"));
  const server = Program.start(
    "portal",
    [
      ...[built(program), "serve", "--port", String(port), "--database", database],
      ...["--pairwise-key", pairwiseKey, ...virtualCards(folder), ...INSTITUTION],
      ...["--institution-ja", "かざし町役場", "--institution-en", "Kazashi Town Hall"],
      ...(origin ? ["--origin", origin] : []),
      ...args,
    ],
    { folder, ...(revoked && { env: { KAZASHI_E2E_REVOKED: revoked } }) },
  );
  await server.says("serving http");
  return server;
}

/** Adds the account to the database. */
export async function addAccount(folder: string, database: string): Promise<void> {
  const { name, password } = ACCOUNT;
  const options = ["--role", "administrator", "--database", database];
  const command = [built("kazashi-portal"), "account", "add", name, ...options];
  const program = Program.start("account", command, { folder });
  program.type(`${password}\n`);
  await program.finish();
}
