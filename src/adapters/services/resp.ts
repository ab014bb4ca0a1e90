import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';

export interface RespServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A small client for servers that speak RESP (https://valkey.io/topics/protocol/): a line is a command, its answer is printed. */
export async function talkResp(host: Host, server: RespServer): Promise<number> {
  const socket = await opened(server);
  const answers = new Answers(socket);
  const ask = async (words: readonly string[]): Promise<Reply> => {
    socket.write(encodeCommand(words));
    return answers.next();
  };
  try {
    if (server.password !== '') {
      const words = server.user === '' ? [server.password] : [server.user, server.password];
      const said = await ask(['AUTH', ...words]);
      if (said.kind === 'error') throw new PolyenvError('service-failed', `the server refused: ${said.text}`);
    }
    const prompt = host.stdin.isTTY === true ? `${server.host}:${server.port}> ` : '';
    const reader = createInterface({
      input: host.stdin,
      output: host.stdin.isTTY === true ? host.stdout : undefined,
      prompt,
    } as never);
    let exit = 0;
    reader.prompt();
    for await (const line of reader) {
      const words = splitWords(line);
      if (words.length === 1 && /^(quit|exit)$/i.test(words[0] ?? '')) break;
      if (words.length > 0) {
        const reply = await ask(words);
        if (reply.kind === 'error') exit = 1;
        host.stdout.write(`${showReply(reply)}\n`);
      }
      reader.prompt();
    }
    reader.close();
    return host.stdin.isTTY === true ? 0 : exit;
  } finally {
    socket.destroy();
  }
}

function opened({ host, port }: RespServer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => {
      reject(new PolyenvError('service-stopped', `nobody answers on ${host}:${port}`, { hint: 'polyenv up', cause }));
    });
  });
}

export type Reply =
  | { readonly kind: 'text' | 'error' | 'number' | 'bulk'; readonly text: string }
  | { readonly kind: 'nil' }
  | { readonly kind: 'list'; readonly items: readonly Reply[] };

/** Words apart by blanks; in quotes, blanks belong to the word and `\` keeps the next character. */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of line.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)) {
    words.push(double === undefined ? (single ?? plain ?? '') : double.replace(/\\(.)/g, unescaped));
  }
  return words;
}

function unescaped(_: string, letter: string): string {
  return { n: '\n', r: '\r', t: '\t' }[letter] ?? letter;
}

export function encodeCommand(words: readonly string[]): Buffer {
  return Buffer.concat([
    Buffer.from(`*${words.length}\r\n`),
    ...words.flatMap((word) => {
      const bytes = Buffer.from(word);
      return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
    }),
  ]);
}

/** One reply at the start of the bytes, and where it ends; `undefined` while it is not whole. */
export function decodeReply(bytes: Buffer, from = 0): { readonly reply: Reply; readonly end: number } | undefined {
  const stop = bytes.indexOf('\r\n', from);
  if (stop === -1) return undefined;
  const text = bytes.toString('utf8', from + 1, stop);
  const end = stop + 2;
  switch (bytes.toString('latin1', from, from + 1)) {
    case '+':
      return { reply: { kind: 'text', text }, end };
    case '-':
      return { reply: { kind: 'error', text }, end };
    case ':':
      return { reply: { kind: 'number', text }, end };
    case '$': {
      const length = Number(text);
      if (length < 0) return { reply: { kind: 'nil' }, end };
      if (bytes.length < end + length + 2) return undefined;
      return { reply: { kind: 'bulk', text: bytes.toString('utf8', end, end + length) }, end: end + length + 2 };
    }
    case '*':
      return decodeList(bytes, Number(text), end);
    default:
      throw new PolyenvError('service-failed', 'the server does not speak RESP');
  }
}

function decodeList(bytes: Buffer, count: number, from: number): ReturnType<typeof decodeReply> {
  if (count < 0) return { reply: { kind: 'nil' }, end: from };
  const items: Reply[] = [];
  let end = from;
  for (let index = 0; index < count; index += 1) {
    const item = decodeReply(bytes, end);
    if (item === undefined) return undefined;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: { kind: 'list', items }, end };
}

export function showReply(reply: Reply, indent = ''): string {
  switch (reply.kind) {
    case 'nil':
      return '(nil)';
    case 'error':
      return `(error) ${reply.text}`;
    case 'number':
      return `(integer) ${reply.text}`;
    case 'list':
      if (reply.items.length === 0) return '(empty list)';
      return reply.items
        .map((item, index) => `${index === 0 ? '' : indent}${index + 1}) ${showReply(item, `${indent}   `)}`)
        .join('\n');
    default:
      return reply.kind === 'bulk' ? JSON.stringify(reply.text) : reply.text;
  }
}

class Answers {
  #bytes = Buffer.alloc(0);
  #waiting: ((reply: Reply) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#give();
    });
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#fail = reject;
      this.#give();
    });
  }

  #give(): void {
    if (this.#waiting === undefined) return;
    try {
      const found = decodeReply(this.#bytes);
      if (found === undefined) return;
      this.#bytes = this.#bytes.subarray(found.end);
      this.#waiting(found.reply);
      this.#waiting = undefined;
    } catch (error) {
      this.#fail?.(error as Error);
    }
  }

  #end(): void {
    this.#fail?.(new PolyenvError('service-stopped', 'the server closed the connection', { hint: 'polyenv logs' }));
  }
}
