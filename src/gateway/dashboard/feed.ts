import type { Writable } from 'node:stream';
import type { Exchange } from '../proxy/exchange';
import { SECURITY_HEADERS } from './rules';

/** How many of each topic are kept for a page whose stream broke off. */
const KEPT = 300;
const HEARTBEAT = 15_000;
/** Bytes that wait for one reader: a page that does not read is let go. */
const BACKLOG = 1024 * 1024;

interface FeedEvent {
  readonly id: number;
  readonly data: string;
}

interface Topic {
  events: FeedEvent[];
  /** The newest that is no longer kept. */
  dropped: number;
}

export interface Reader {
  readonly topic: string;
  /** The last event that the page has, from its stream or from when it was made. */
  readonly after: string | undefined;
  /** Whether its session still holds. */
  isLetIn(): boolean;
}

/** Server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html, numbered so that none is lost when a stream comes back. */
export class Feed {
  readonly #start = Date.now().toString(36);
  readonly #topics = new Map<string, Topic>();
  #next = 1;
  readonly #readers = new Map<Writable, Reader>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT);
    this.#timer.unref();
  }

  /** To the pages of that topic. */
  send(topic: string, data: unknown): void {
    const event = { id: this.#next, data: JSON.stringify(data) };
    this.#next += 1;
    const kept = this.#topics.get(topic) ?? { events: [], dropped: 0 };
    this.#topics.set(topic, kept);
    kept.events.push(event);
    while (kept.events.length > KEPT) kept.dropped = kept.events.shift()?.id ?? kept.dropped;
    for (const [out, reader] of this.#readers) if (reader.topic === topic) this.#write(out, this.#textOf(event));
  }

  /** What was sent of a topic is of no use any more: a page that comes back to it is made anew. */
  forget(topic: string): void {
    const kept = this.#topics.get(topic);
    if (kept !== undefined) this.#topics.set(topic, { events: [], dropped: kept.events.at(-1)?.id ?? kept.dropped });
  }

  /** Where a page stands that is made now. */
  get position(): string {
    return `${this.#start}-${this.#next - 1}`;
  }

  /** Answers with the stream of a topic, from the event after the reader's last one on. */
  open(exchange: Exchange, reader: Reader): void {
    const out = exchange.respond(
      200,
      [...SECURITY_HEADERS, ['Content-Type', 'text/event-stream']],
      exchange.version === '1.0' ? 'whole' : 'chunked',
    );
    out.on('error', () => undefined);
    const { topic, after } = reader;
    const { events, dropped } = this.#topics.get(topic) ?? { events: [], dropped: 0 };
    const [start, number = ''] = (after ?? this.position).split('-');
    const from = start === this.#start && /^\d{1,15}$/.test(number) ? Number(number) : undefined;
    out.write(`retry: 1000\nid: ${this.#start}-${from ?? this.#next - 1}\n\n`);
    if (from === undefined || from < dropped) out.write('event: lost\ndata: {}\n\n');
    else for (const event of events) if (event.id > from) out.write(this.#textOf(event));
    this.#readers.set(out, reader);
    exchange.onceOver(() => this.#readers.delete(out));
  }

  get readers(): number {
    return this.#readers.size;
  }

  readersOf(topic: string): number {
    return [...this.#readers.values()].filter((reader) => reader.topic === topic).length;
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

  #beat(): void {
    for (const out of [...this.#readers.keys()]) this.#write(out, ':\n\n');
  }

  #write(out: Writable, text: string): void {
    const letIn = this.#readers.get(out)?.isLetIn() === true;
    if (letIn && out.writableLength <= BACKLOG) {
      out.write(text);
      return;
    }
    this.#readers.delete(out);
    if (letIn) out.destroy();
    else out.end();
  }
}
