import type { CardAnswer, Channel, Hash, PinReference } from "../src/index.js";
import { bytes, hex } from "./vectors.js";

/** The guarded requests, as a page's flows make them, and what is in the answers. */
export class Requests {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    const { response } = await this.#ask("transmit", { command: hex(command) });
    return bytes(response as string);
  }

  async verifyPin(reference: PinReference, value?: string): Promise<CardAnswer> {
    return await this.#ask("verify-pin", { reference, value });
  }

  async verifyBirthDate(birthDate: string): Promise<CardAnswer> {
    return await this.#ask("verify-birth-date", { birthDate });
  }

  async verifyNumberB(birthDate: string, expiryYear: string, securityCode: string) {
    return await this.#ask("verify-number-b", { birthDate, expiryYear, securityCode });
  }

  async signChallenge(key: string, nonce: string, pin?: { value?: string }): Promise<Uint8Array> {
    const { signature } = await this.#ask("sign-challenge", { key, nonce, pin });
    return bytes(signature as string);
  }

  async terminalRequest(nonce: string): Promise<unknown> {
    return (await this.#ask("terminal-request", { nonce }))["word"];
  }

  async terminalSign(nonce: string, signature: Uint8Array): Promise<CardAnswer> {
    const base64 = Buffer.from(signature).toString("base64");
    return await this.#ask("terminal-sign", { nonce, signature: base64 });
  }

  async sign(title: string, hash: Hash, digest: Uint8Array): Promise<CardAnswer> {
    return await this.#ask("sign", { title, hash, digest: hex(digest) });
  }

  async readAttributes(): Promise<CardAnswer> {
    return await this.#ask("read-attributes", {});
  }

  async release(): Promise<void> {
    await this.#channel.release();
  }

  async #ask(type: string, parts: Record<string, unknown>): Promise<CardAnswer> {
    const given = Object.entries(parts).filter(([, part]) => part !== undefined);
    return await this.#channel.ask({ type, ...Object.fromEntries(given) });
  }
}
