import { Session } from "../../session.ts";
import { DESK_PASSWORD } from "./server.ts";

/** A session at the sign-in server, had by a program that claims to be a page of some origin. */
export class SignInSession extends Session {
  /** Makes it that of a desk, as its staff. */
  async openDesk(): Promise<this> {
    await this.post("/desk", { password: DESK_PASSWORD });
    return this;
  }

  async newNonce(method: "pin" | "terminal" | "presence"): Promise<string> {
    return (await this.post("/nonce", { method })).body.nonce;
  }
}
