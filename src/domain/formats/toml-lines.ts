import type { KeyPath } from './document-value';

/**
 * The lines (from 1) of every key of a TOML text, by path: tables, values, members of lists. For a path that is not in
 * the text, the line of the longest part of it that is; else 1. The text must be valid TOML: of anything else only
 * what stands before the first fault is known.
 */
export function tomlLines(text: string): (...keys: KeyPath) => number {
  const scan = new Scan(text);
  scan.document();
  return (...keys) => {
    for (let length = keys.length; length > 0; length--) {
      const line = scan.lines.get(JSON.stringify(keys.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  };
}

/** A walk over the text that knows no values, only where they begin and end. */
class Scan {
  readonly lines = new Map<string, number>();
  readonly #text: string;
  readonly #lists = new Map<string, number>();
  #position = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    let table: KeyPath = [];
    for (;;) {
      this.#skipBlank();
      const before = this.#position;
      if (before >= this.#text.length) return;
      if (this.#peek() === '[') table = this.#header();
      else this.#pair(table);
      if (this.#position === before) return;
    }
  }

  #header(): KeyPath {
    const line = this.#line;
    this.#position += 1;
    const list = this.#peek() === '[';
    if (list) this.#position += 1;
    const path = this.#within([], this.#key(), list ? 'list' : 'table');
    this.#record(path, line);
    this.#position += list ? 2 : 1;
    return path;
  }

  /** The path of `key` below `table`, through the latest member of each list of tables on the way. */
  #within(table: KeyPath, key: readonly string[], last: 'list' | 'table'): KeyPath {
    let path = table;
    for (const [index, name] of key.slice(0, DEEPEST).entries()) {
      path = [...path, name];
      this.#record(path, this.#line);
      const id = JSON.stringify(path);
      const count = this.#lists.get(id) ?? 0;
      const opens = last === 'list' && index === key.length - 1;
      if (opens) this.#lists.set(id, count + 1);
      if (opens || count > 0) path = [...path, opens ? count : count - 1];
    }
    return path;
  }

  #pair(table: KeyPath): void {
    const path = this.#within(table, this.#key(), 'table');
    this.#skipInline();
    this.#position += 1;
    this.#skipInline();
    this.#value(path);
  }

  #value(path: KeyPath): void {
    const first = this.#peek();
    if (first === '"' || first === "'") this.#quoted();
    else if (first === '[')
      this.#members(']', (index) => {
        this.#record([...path, index], this.#line);
        this.#value([...path, index]);
      });
    else if (first === '{') this.#members('}', () => this.#pair(path));
    else this.#take(/[^,\]}#\r\n]*/y);
  }

  #members(close: string, member: (index: number) => void): void {
    this.#position += 1;
    for (let index = 0; ; index++) {
      this.#skipBlank();
      if (this.#peek() === close || this.#position >= this.#text.length) break;
      const before = this.#position;
      member(index);
      this.#skipBlank();
      if (this.#peek() === ',') this.#position += 1;
      if (this.#position === before) break;
    }
    this.#position += 1;
  }

  #key(): readonly string[] {
    const names: string[] = [];
    for (;;) {
      this.#skipInline();
      const first = this.#peek();
      names.push(first === '"' || first === "'" ? this.#quoted() : this.#take(/[^\s.=\]#"']*/y));
      this.#skipInline();
      if (this.#peek() !== '.') return names;
      this.#position += 1;
    }
  }

  /** A string of any of the four kinds; its value where it has no escapes that only TOML knows. */
  #quoted(): string {
    const mark = this.#peek();
    const long = this.#text.startsWith(mark.repeat(3), this.#position);
    const token = this.#take(long ? (mark === '"' ? LONG_BASIC : LONG_LITERAL) : mark === '"' ? BASIC : LITERAL);
    this.#line += token.split('\n').length - 1;
    if (long) return '';
    return mark === '"' ? unescapeBasic(token.slice(1, -1)) : token.slice(1, -1);
  }

  #record(path: KeyPath, line: number): void {
    const id = JSON.stringify(path);
    if (!this.lines.has(id)) this.lines.set(id, line);
  }

  /** Blanks, line ends and comments. */
  #skipBlank(): void {
    const blank = this.#take(/(?:[\s\ufeff]|#[^\n]*)*/y);
    this.#line += blank.split('\n').length - 1;
  }

  #skipInline(): void {
    this.#take(/[ \t]*/y);
  }

  #peek(): string {
    return this.#text[this.#position] ?? '';
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const token = pattern.exec(this.#text)?.[0] ?? '';
    this.#position += token.length;
    return token;
  }
}

/** Names of one key that are looked at: no real document nests deeper. */
const DEEPEST = 64;

const BASIC = /"(?:[^"\\\r\n]|\\.)*"?/y;
const LITERAL = /'[^'\r\n]*'?/y;
const LONG_BASIC = /"""(?:[^"\\]+|\\[\s\S]|"{1,2}(?!"))*"{0,5}/y;
const LONG_LITERAL = /'''(?:[^']+|'{1,2}(?!'))*'{0,5}/y;

function unescapeBasic(text: string): string {
  return text.replace(
    /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/g,
    (_, short, long, byte, single) => {
      const hex: string | undefined = short ?? long ?? byte;
      if (hex !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff));
      return SINGLE[single as string] ?? (single as string);
    },
  );
}

const SINGLE: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\x1b' };
