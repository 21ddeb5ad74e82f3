import { expect } from "vitest";
import type { CardAnswer, CardRequest, Channel } from "../src/index.js";
import { hex, read } from "./vectors.js";

/** A card that follows a file of `vectors/transcripts`: `>` to the card, `<` from it. */
export class Transcript implements Channel {
  readonly version = "transcript 1.0";
  readonly signal: AbortSignal = new AbortController().signal;
  /** What was asked of whoever guards the card, besides carrying commands. */
  readonly guarded: CardRequest[] = [];
  readonly #answers = new Map<string, unknown>();
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

  /** Has requests of this type answered otherwise than whoever guards a card would. */
  answerTo(type: string, answer: unknown): void {
    this.#answers.set(type, answer);
  }

  async ask(request: CardRequest): Promise<CardAnswer> {
    const { type, ...parts } = request;
    if (type === "transmit") {
      expect(`>${parts["command"]}`).toBe(this.#lines.shift());
      return { type: "response", response: this.#lines.shift()?.slice(1) ?? "" };
    }
    this.guarded.push(request);
    if (this.#answers.has(type)) return (await this.#answers.get(type)) as CardAnswer;
    const signed = (byte: number) => hex(new Uint8Array(256).fill(byte));
    switch (type) {
      case "sign-challenge":
        return parts["key"] === "user-authentication"
          ? { type: "signed", signature: signed(7), certificate: "3003020107" }
          : { type: "signed", signature: signed(7) };
      case "terminal-request":
        return { type: "vouched", word: "AQL/" };
      case "terminal-sign":
        return { type: "signed", signature: signed(9) };
      case "sign":
        return { type: "document-signed", signature: signed(8), certificate: "3000" };
      default:
        return { type: "verified" };
    }
  }

  async release(): Promise<void> {}

  /** Whether everything was said. */
  get isOver(): boolean {
    return this.#lines.length === 0;
  }
}
