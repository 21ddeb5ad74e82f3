import { argument, maybe, only, parts, type Reader, text } from "./check.js";
import { KazashiError } from "./error.js";

/** The answer to a revocation check. Not knowing is an answer of its own, with its reason. */
export type Revocation =
  | { readonly status: "good" }
  | { readonly status: "revoked" }
  | { readonly status: "not-checked"; readonly because: string };

/** What may be said of a certificate that passes. */
export type NotRevoked = Exclude<Revocation, { status: "revoked" }>;

type Ask = (certificate: Uint8Array) => Revocation | Promise<Revocation>;

/** Asks whoever was named for it, and refuses what was revoked. */
export async function askRevocation(
  ask: Ask | undefined,
  certificate: Uint8Array,
): Promise<NotRevoked> {
  if (!ask) return { status: "not-checked", because: "no revocation check was made" };
  const answer = await ask(certificate.slice());
  const revocation = argument("the answer of revocation", revocationIn, answer);
  if (revocation.status === "revoked") {
    throw new KazashiError("certificate-revoked", { message: "the certificate was revoked" });
  }
  return revocation;
}

/** One of the three answers. Another is none, whatever it may mean. */
const revocationIn: Reader<Revocation> = (value) => {
  const { status, because } = parts({ status: text, because: maybe(text) })(value);
  if (status === "not-checked" && because) return { status, because };
  return { status: only<"good" | "revoked">((it) => it === "good" || it === "revoked")(status) };
};
