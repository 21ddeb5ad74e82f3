import { expect } from "vitest";
import type {
  BasicAttributes,
  Channel,
  Hash,
  Key,
  PinEntry,
  PinReference,
  Signed,
  TerminalRequest,
} from "../src/index.js";
import { bytes, hex, read } from "./vectors.js";

/** A card that follows a file of `vectors/transcripts`: `>` to the card, `<` from it. */
export class Transcript implements Channel {
  readonly version = "transcript 1.0";
  readonly signal: AbortSignal = new AbortController().signal;
  readonly verified: { reference: PinReference; value?: string | undefined }[] = [];
  readonly signed: { key: Key; nonce: string; pin?: PinEntry | undefined }[] = [];
  readonly birthDates: string[] = [];
  readonly numbersB: string[][] = [];
  readonly terminal: { nonce: string; signature?: string }[] = [];
  readonly documents: { title: string; hash: Hash; digest: string }[] = [];
  readonly #name: string;
  #lines: string[];

  constructor(name: string) {
    this.#name = name;
    this.#lines = this.#read();
  }

  /** Begins anew with whoever knows what the card refuses: no such command is sent. */
  repeatWithoutRefusals(): void {
    const lines = this.#read();
    const refused = lines.findIndex((line) => line === "<6700" || line === "<6A86");
    lines.splice(refused - 1, 2);
    this.#lines = lines;
  }

  #read(): string[] {
    const lines = read(`transcripts/${this.#name}.txt`).trim().split("\n");
    return lines.filter((line) => !line.startsWith("#")).map((line) => line.replace(/ /g, ""));
  }

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    expect(`>${hex(command)}`).toBe(this.#lines.shift());
    return bytes(this.#lines.shift()?.slice(1) ?? "");
  }

  async verifyPin(reference: PinReference, value?: string): Promise<void> {
    this.verified.push({ reference, value });
  }

  async verifyBirthDate(birthDate: string): Promise<void> {
    this.birthDates.push(birthDate);
  }

  async verifyNumberB(...number: [string, string, string]): Promise<void> {
    this.numbersB.push(number);
  }

  async signChallenge(key: Key, nonce: string, pin?: PinEntry): Promise<Uint8Array> {
    this.signed.push({ key, nonce, pin });
    return new Uint8Array(256).fill(7);
  }

  async terminalRequest(nonce: string): Promise<TerminalRequest> {
    this.terminal.push({ nonce });
    return { challenge: "AQL/", bridge: "AwQ=", signature: "BQ==" };
  }

  async terminalSign(nonce: string, signature: Uint8Array): Promise<Uint8Array> {
    this.terminal.push({ nonce, signature: hex(signature) });
    return new Uint8Array(256).fill(9);
  }

  async sign(title: string, hash: Hash, digest: Uint8Array): Promise<Signed> {
    this.documents.push({ title, hash, digest: hex(digest) });
    return { signature: new Uint8Array(256).fill(8), certificate: Uint8Array.of(0x30, 0) };
  }

  async readAttributes(): Promise<BasicAttributes> {
    throw new Error("a host reads them");
  }

  async release(): Promise<void> {}

  /** Whether everything was said. */
  get isOver(): boolean {
    return this.#lines.length === 0;
  }
}
