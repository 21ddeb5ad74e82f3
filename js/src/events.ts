import type { Reader } from "./host.js";

/** Something happened at a reader, which is described as it is afterwards. */
export class ReaderEvent extends Event {
  readonly reader: Reader;

  constructor(type: keyof KazashiEventMap, reader: Reader) {
    super(type);
    this.reader = reader;
  }
}

/** The events of a connection, by their types. */
export interface KazashiEventMap {
  "card-inserted": ReaderEvent;
  "card-removed": ReaderEvent;
  /** A card may lie there already. */
  "reader-added": ReaderEvent;
  "reader-removed": ReaderEvent;
  /** The bridge is there again. Which readers and cards there are may have changed. */
  connected: Event;
  /** The bridge is gone. Leases are lost; the connection is tried again by itself. */
  disconnected: Event;
}

/** An `EventTarget` that knows the types of its events. */
export interface KazashiEventTarget extends EventTarget {
  addEventListener<K extends keyof KazashiEventMap>(
    type: K,
    listener: (event: KazashiEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof KazashiEventMap>(
    type: K,
    listener: (event: KazashiEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

export const KazashiEventTarget: { new (): KazashiEventTarget } = EventTarget;
