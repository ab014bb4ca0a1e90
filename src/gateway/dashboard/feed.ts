import type { Writable } from 'node:stream';
import type { Exchange } from '../proxy/exchange';
import { SECURITY_HEADERS } from './rules';

/** How many are kept for a page whose stream broke off. */
const KEPT = 1000;
const HEARTBEAT = 15_000;
/** Bytes that wait for one reader: a page that does not read is let go. */
const BACKLOG = 1024 * 1024;

interface FeedEvent {
  readonly id: number;
  readonly topic: string;
  readonly data: string;
}

/** Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html, numbered so that none is lost when a stream comes back. */
export class Feed {
  readonly #start = Date.now().toString(36);
  #events: FeedEvent[] = [];
  #next = 1;
  readonly #readers = new Map<Writable, string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#all(() => ':\n\n'), HEARTBEAT);
    this.#timer.unref();
  }

  /** To the pages of that topic, and to those of none. */
  send(topic: string, data: unknown): void {
    const event = { id: this.#next, topic, data: JSON.stringify(data) };
    this.#next += 1;
    this.#events = [...this.#events, event].slice(-KEPT);
    this.#all((wanted) => (wanted === topic ? this.#textOf(event) : ''));
  }

  /** Answers with the stream of a topic, from the event after `lastId` on. */
  open(exchange: Exchange, topic: string, lastId: string | undefined): void {
    const out = exchange.respond(
      200,
      [...SECURITY_HEADERS, ['Content-Type', 'text/event-stream']],
      exchange.version === '1.0' ? 'whole' : 'chunked',
    );
    out.on('error', () => undefined);
    const [start, number] = (lastId ?? '').split('-');
    const from = start === this.#start ? Number(number) : undefined;
    out.write(`retry: 1000\nid: ${this.#start}-${from ?? this.#next - 1}\n\n`);
    const lost = lastId !== undefined && (from === undefined || from + 1 < (this.#events[0]?.id ?? this.#next));
    if (lost) out.write(`event: lost\ndata: {}\n\n`);
    else if (from !== undefined) {
      for (const event of this.#events) if (event.id > from && event.topic === topic) out.write(this.#textOf(event));
    }
    this.#readers.set(out, topic);
    exchange.onceOver(() => this.#readers.delete(out));
  }

  get readers(): number {
    return this.#readers.size;
  }

  close(): void {
    clearInterval(this.#timer);
    this.endAll();
  }

  /** Who reads now reads no more. */
  endAll(): void {
    for (const out of this.#readers.keys()) out.end();
    this.#readers.clear();
  }

  #textOf({ id, data }: FeedEvent): string {
    return `id: ${this.#start}-${id}\ndata: ${data}\n\n`;
  }

  #all(textFor: (topic: string) => string): void {
    for (const [out, topic] of this.#readers) {
      const text = textFor(topic);
      if (text === '') continue;
      if (out.writableLength > BACKLOG) {
        out.destroy();
        this.#readers.delete(out);
      } else out.write(text);
    }
  }
}
