import { KazashiError } from "./error.js";
import type { ErrorCode } from "./generated/codes.js";

/** What browsers call the permission to reach loopback; before Chromium 145 it had the second name. */
const PERMISSIONS = ["loopback-network", "local-network-access"];

/** The hosts whose pages come from this workstation. */
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** Failures that leave open why; time also runs out while the browser's question is not answered. */
const UNEXPLAINED: ReadonlySet<ErrorCode> = new Set(["bridge-unreachable", "timeout"]);

/**
 * Connects by calling `open`. If it fails because the browser stands in the way, that is what it
 * fails with: the socket itself does not tell.
 */
export async function nameObstacle<T>(url: string, open: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  let isForbidden = false;
  // Outside of pages there is nothing to listen to.
  globalThis.addEventListener?.(
    "securitypolicyviolation",
    ({ blockedURI, disposition }) => {
      isForbidden ||= disposition === "enforce" && blockedURI.startsWith(url);
    },
    { signal: over.signal },
  );
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof KazashiError && UNEXPLAINED.has(error.code))) throw error;
    // Meanwhile Firefox tells of the page's own policy.
    const permission = await permissionObstacle(error.code);
    throw new KazashiError(isForbidden ? "csp-blocked" : (permission ?? error.code), {
      cause: error,
    });
  } finally {
    over.abort();
  }
}

/** A document of Chromium, which says what its Permissions Policy allows. */
interface Governed {
  readonly featurePolicy?: { allowsFeature(name: string): boolean };
}

/** What the browser's Local Network Access holds against reaching loopback. */
async function permissionObstacle(code: ErrorCode): Promise<ErrorCode | undefined> {
  // Pages from loopback need no permission, whatever the state says.
  if (LOOPBACK.test(globalThis.location?.hostname)) return undefined;
  const policy = (globalThis.document as Governed | undefined)?.featurePolicy;
  for (const name of PERMISSIONS) {
    try {
      const { state } = await navigator.permissions.query({ name: name as PermissionName });
      if (state === "denied" && policy?.allowsFeature(name) === false) {
        return "permissions-policy-blocked";
      }
      // Firefox has this state where it asks nobody, too; while it asks, time runs out.
      const isOpen = state === "granted" || (state === "prompt" && !policy && code !== "timeout");
      return isOpen ? undefined : `lna-${state}`;
    } catch {
      // A browser that does not know this name may know the next, or ask for no permission.
    }
  }
  return undefined;
}
