import { type Browser, chromium, type Page } from "playwright-core";
import { ofTheTests, underAdministrator } from "./paths.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Where a browser runs that is not simply one of the tests' own, which no screen shows. */
export interface BrowserPlace {
  /** The command by which an administrator set the machine up. */
  administrator?: string | undefined;
  /** The screen that shows it. */
  display?: string | undefined;
}

/**
 * Starts Debian's Chromium, which knows of nobody's home but this folder; if there is a number of another
 * user, as them.
 */
export function launchChromium(
  home: string,
  args: string[] = [],
  { administrator, display, user }: BrowserPlace & { user?: number } = {},
): Promise<Browser> {
  const { PATH = "" } = process.env;
  const program = user ? ofTheTests("chromium-of-another-user.sh") : CHROMIUM;
  return chromium.launch({
    executablePath: administrator ? ofTheTests("under-administrator.sh") : program,
    chromiumSandbox: false,
    headless: !display,
    args: [
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-dev-shm-usage",
      ...withOneResolver(args),
    ],
    env: {
      ...{ PATH, HOME: home },
      ...(display && { DISPLAY: display }),
      ...(administrator && underAdministrator(program, administrator)),
      ...(user && { KAZASHI_E2E_USER: String(user) }),
    },
  });
}

/** Chromium heeds the last of these alone. */
const RESOLVER_RULES = "--host-resolver-rules=";

/** The same arguments, with all rules for names and addresses in one. */
function withOneResolver(args: string[]): string[] {
  const [rules, others] = [[] as string[], [] as string[]];
  for (const arg of args) {
    if (arg.startsWith(RESOLVER_RULES)) rules.push(arg.slice(RESOLVER_RULES.length));
    else others.push(arg);
  }
  return rules.length > 0 ? [...others, RESOLVER_RULES + rules.join(",")] : others;
}

/** What the browser may say to a page that wants to reach this workstation. */
export type Permission = "granted" | "denied" | "prompt";

/** Answers the browser's question whether a page may reach this workstation, or does not. */
export async function permit(page: Page, setting: Permission): Promise<void> {
  const { targetInfo } = await (await page.context().newCDPSession(page)).send(
    "Target.getTargetInfo",
  );
  const session = await page.context().browser()?.newBrowserCDPSession();
  await session?.send("Browser.setPermission", {
    permission: { name: "loopback-network" },
    setting,
    origin: new URL(page.url()).origin,
    ...(targetInfo.browserContextId && { browserContextId: targetInfo.browserContextId }),
  });
}
