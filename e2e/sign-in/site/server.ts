import { programs } from "../../paths.ts";
import { Program } from "../../program.ts";
import { virtualCards } from "../../trust.ts";

/** What opens a desk of the server. */
export const DESK_PASSWORD = "correct horse";

/** A page of the site that does nothing by itself. */
export const IDLE_PAGE = "/page.css";

/** Starts the server of the sign-in example, which believes the virtual cards. */
export async function startSignInServer(
  folder: string,
  port: number,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Program> {
  const command = [programs.signIn, "--port", String(port), ...virtualCards(folder), ...args];
  return await Program.ready("server", command, "serving http://", {
    folder,
    env: { KAZASHI_DESK_PASSWORD: DESK_PASSWORD, ...env },
  });
}
