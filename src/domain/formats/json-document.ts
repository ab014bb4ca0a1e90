/** Why a text is not JSON, and where (from 1). */
export class JsonFault extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, at: { readonly line: number; readonly column: number }) {
    super(message);
    this.line = at.line;
    this.column = at.column;
  }
}

export interface JsonDocument {
  readonly value: unknown;
  /** The line (from 1) of a key by its path, or of the longest part of the path that exists; else 1. */
  lineOf(...keys: readonly (string | number)[]): number;
}

/** Parses JSON (RFC 8259) as `JSON.parse` does, keeping the lines of keys. Throws `JsonFault`. */
export function readJson(text: string): JsonDocument {
  const { value, mark } = new Reader(text).document();
  return {
    value,
    lineOf: (...keys) => {
      let found = mark;
      for (const key of keys) {
        const next = found.members?.get(String(key));
        if (next === undefined) break;
        found = next;
      }
      return keys.length === 0 ? 1 : found.line;
    },
  };
}

/** Where a value's key stands, and those of its members. */
interface Mark {
  readonly line: number;
  readonly members?: ReadonlyMap<string, Mark>;
}

interface Read {
  readonly value: unknown;
  readonly mark: Mark;
}

/** Far deeper than real documents, and far from where the stack ends. */
const DEEPEST = 200;

class Reader {
  readonly #text: string;
  #position = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Read {
    this.#skipBlank();
    const read = this.#value(1, 0);
    this.#skipBlank();
    if (this.#position < this.#text.length) this.#fail('there is something after the end of the document');
    return { ...read, mark: { ...read.mark, line: 1 } };
  }

  #value(line: number, depth: number): Read {
    if (depth > DEEPEST) this.#fail('nesting is too deep');
    const first = this.#text[this.#position];
    if (first === '{') return this.#object(line, depth);
    if (first === '[') return this.#list(line, depth);
    return { value: first === '"' ? this.#string() : this.#word(), mark: { line } };
  }

  #object(line: number, depth: number): Read {
    const members = new Map<string, Mark>();
    const value: Record<string, unknown> = Object.create(null);
    this.#members('}', () => {
      if (this.#text[this.#position] !== '"') this.#fail('a name in double quotes is expected');
      const own = this.#line;
      const key = this.#string();
      this.#skipBlank();
      this.#expect(':');
      this.#skipBlank();
      const member = this.#value(own, depth + 1);
      value[key] = member.value;
      members.set(key, member.mark);
    });
    return { value, mark: { line, members } };
  }

  #list(line: number, depth: number): Read {
    const members = new Map<string, Mark>();
    const value: unknown[] = [];
    this.#members(']', () => {
      const member = this.#value(this.#line, depth + 1);
      members.set(String(value.length), member.mark);
      value.push(member.value);
    });
    return { value, mark: { line, members } };
  }

  #members(end: '}' | ']', member: () => void): void {
    this.#position += 1;
    this.#skipBlank();
    if (this.#text[this.#position] === end) {
      this.#position += 1;
      return;
    }
    for (;;) {
      member();
      this.#skipBlank();
      if (this.#text[this.#position] === end) break;
      this.#expect(',', end);
      this.#skipBlank();
    }
    this.#position += 1;
  }

  #string(): string {
    const token = this.#take(STRING);
    if (token === '') this.#fail('a text does not end on its line, or holds what must be escaped');
    return JSON.parse(token) as string;
  }

  #word(): unknown {
    const token = this.#take(WORD);
    if (token === '') {
      const rest = this.#position >= this.#text.length;
      this.#fail(rest ? 'the document ends too early' : 'a value is expected');
    }
    return JSON.parse(token);
  }

  #expect(...wanted: readonly string[]): void {
    if (wanted[0] !== this.#text[this.#position]) {
      const rest = this.#position >= this.#text.length;
      this.#fail(rest ? 'the document ends too early' : `${wanted.join(' or ')} is expected`);
    }
    this.#position += 1;
  }

  #skipBlank(): void {
    const from = this.#position;
    this.#take(BLANK);
    for (
      let at = this.#text.indexOf('\n', from);
      at !== -1 && at < this.#position;
      at = this.#text.indexOf('\n', at + 1)
    ) {
      this.#line += 1;
      this.#lineStart = at + 1;
    }
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const token = pattern.exec(this.#text)?.[0] ?? '';
    this.#position += token.length;
    return token;
  }

  #fail(reason: string): never {
    throw new JsonFault(reason, { line: this.#line, column: this.#position - this.#lineStart + 1 });
  }
}

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y;
const WORD = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![0-9A-Za-z_.])/y;
