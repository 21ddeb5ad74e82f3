import { KazashiError } from "./error.js";

/**
 * Takes what the caller gave, or a copy of it that nobody else can change: the part of an object, if it
 * is one. Throws for another thing.
 */
export type Reader<T> = (value: unknown, whole?: object) => T;

/** More characters or bytes than anything has that crosses into WebAssembly. */
const MOST = 1 << 20;

/** More members than any list has. */
const MANY = 256;

/**
 * Reads an argument. Another thing than it has to be is an `invalid-request`, which names the part that
 * is wrong and says nothing of its value.
 */
export function argument<V, T>(name: string, read: (value: V) => T, value: V): T {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof KazashiError) throw error;
    throw new KazashiError("invalid-request", { message: `${name} is missing or of another type` });
  }
}

/** Takes the parts of an object, each looked at once. */
export function parts<T>(readers: { [K in keyof T]: Reader<T[K]> }): Reader<T> {
  const object = only<T & object>(
    (value) => Object.prototype.toString.call(value) === "[object Object]",
  );
  return (value) => {
    const whole = object(value);
    const read = {} as T;
    for (const name in readers) {
      read[name] = argument(name, () => readers[name](whole[name], whole), whole);
    }
    return read;
  };
}

/** Takes the options of a call. */
export function take<T>(readers: { [K in keyof T]: Reader<T[K]> }, options: unknown): T {
  return argument("options", parts(readers), options);
}

/** Takes what may be left out: then it is this. */
export function or<D, T>(otherwise: D, read: Reader<T>): Reader<D | T> {
  return (value, whole) => (value === undefined ? otherwise : read(value, whole));
}

export function maybe<T>(read: Reader<T>): Reader<T | undefined> {
  return or(undefined, read);
}

/** Takes a list, but no text and no bytes: what they consist of is not what anybody meant. */
export function list<T>(read: Reader<T>): Reader<T[]> {
  const whole = only<Iterable<unknown>>(
    (it) => typeof it === "object" && !ArrayBuffer.isView(it) && !(it instanceof String),
  );
  return (value) => {
    const members: T[] = [];
    for (const member of whole(value)) {
      if (members.push(read(member)) > MANY) throw new RangeError();
    }
    return members;
  };
}

/** Takes what is so. */
export function only<T>(isSo: (value: T) => boolean): Reader<T> {
  return (value) => {
    if (!isSo(value as T)) throw new TypeError();
    return value as T;
  };
}

export const text: Reader<string> = only((it) => typeof it === "string" && it.length <= MOST);

/** Takes a count, or milliseconds of which the timers of browsers make no less. */
export const number: Reader<number> = only((it) => Number.isFinite(it) && it >= 0 && it < 2 ** 31);

export const flag: Reader<boolean> = only((it) => typeof it === "boolean");

/** Takes a function, as a method of what it was found in. */
export function callable<T extends Callable>(value: unknown, whole?: object): T {
  return only<T>((it) => typeof it === "function")(value).bind(whole) as T;
}

type Callable = (...given: never[]) => unknown;

/** Takes a `Uint8Array`, whoever's it is, as it is now. */
export function bytes(value: unknown): Uint8Array<ArrayBuffer> {
  const isOne = (it: Uint8Array) =>
    ArrayBuffer.isView(it) && it[Symbol.toStringTag] === "Uint8Array" && it.byteLength <= MOST;
  return new Uint8Array(only(isOne)(value));
}

export function signal(value: unknown): AbortSignal {
  return only<AbortSignal>((it) => {
    // Only a true one has nothing against this.
    it.removeEventListener("abort", () => {});
    return it instanceof AbortSignal;
  })(value);
}
