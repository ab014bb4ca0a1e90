import { present } from '../words/present';
/** One value of a YAML file: keys of maps and indexes of lists that lead to it, its text without quotes, and its line (from 1). */
export interface Scalar {
  readonly path: ScalarPath;
  readonly text: string;
  readonly line: number;
}

export type ScalarPath = readonly (string | number)[];

/**
 * The scalars of the YAML that people write by hand, read line by line: block and flow lists and maps, quotes, comments,
 * anchors of scalars. A block text (`|`) gives one scalar for each of its lines, as a list would. What is none of these
 * is passed over; nothing is thrown. Bounded in depth and number.
 */
export function readScalars(lines: readonly string[]): readonly Scalar[] {
  return new Reader(lines).scalars();
}

/** More than any real file has, and few enough that a hostile one does no harm. */
const LONGEST_LINE = 4096;
const MOST = 20_000;
const DEEPEST = 64;

interface Frame {
  readonly indent: number;
  readonly at: string | number;
}

class Reader {
  readonly #lines: readonly string[];
  readonly #found: Scalar[] = [];
  readonly #anchors = new Map<string, string>();
  #stack: Frame[] = [];
  #next = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  scalars(): readonly Scalar[] {
    while (this.#next < this.#lines.length && this.#found.length < MOST) {
      const line = this.#lines[this.#next] as string;
      this.#next += 1;
      if (line.length <= LONGEST_LINE) this.#line(line);
    }
    return this.#found;
  }

  #line(line: string): void {
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(line)) this.#stack = [];
    const body = line.replace(/^---(?=\s|$)/, '   ');
    let indent = body.length - body.trimStart().length;
    let parent = indent;
    let rest = body.trim();
    if (rest === '' || rest.startsWith('#') || rest.startsWith('%')) return;
    while (rest === '-' || rest.startsWith('- ')) {
      this.#enterItem(indent);
      parent = indent;
      const below = rest.slice(1).trimStart();
      indent += rest.length - below.length;
      rest = below;
      if (rest === '' || rest.startsWith('#')) return;
    }
    const key = splitKey(rest);
    if (key === undefined) {
      // A text that runs on from the line before belongs to no list.
      if (typeof this.#stack.at(-1)?.at === 'number' && this.#isItem(body)) this.#value(rest, parent);
      return;
    }
    this.#enterKey(indent, key.name);
    this.#value(key.rest, indent);
  }

  #isItem(body: string): boolean {
    return body.trimStart().startsWith('-');
  }

  #enterItem(indent: number): void {
    this.#leave((frame) => frame.indent > indent);
    const top = this.#stack.at(-1);
    if (top?.indent === indent && typeof top.at === 'number') {
      this.#stack[this.#stack.length - 1] = { indent, at: top.at + 1 };
    } else this.#push({ indent, at: 0 });
  }

  #enterKey(indent: number, name: string): void {
    this.#leave((frame) => frame.indent >= indent);
    this.#push({ indent, at: name });
  }

  #leave(isLeft: (frame: Frame) => boolean): void {
    for (let top = this.#stack.at(-1); top !== undefined && isLeft(top); top = this.#stack.at(-1)) this.#stack.pop();
  }

  #push(frame: Frame): void {
    if (this.#stack.length < DEEPEST) this.#stack.push(frame);
  }

  /** What stands behind a key or a dash. */
  #value(written: string, indent: number): void {
    const { anchor, text } = withoutProperties(written);
    const path = this.#stack.map(({ at }) => at);
    const line = this.#next;
    if (text === '' || text.startsWith('#')) return;
    if (/^[|>][-+0-9]*(?:\s|$)/.test(text)) this.#block(path, indent);
    else if (text.startsWith('[') || text.startsWith('{')) this.#flow(path, text);
    else {
      const value = text.startsWith('*') ? this.#anchors.get(text.slice(1).trim()) : unquoted(text);
      if (value === undefined) return;
      if (anchor !== undefined && this.#anchors.size < MOST) this.#anchors.set(anchor, value);
      this.#found.push({ path, text: value, line });
    }
  }

  #block(path: ScalarPath, indent: number): void {
    for (let index = 0; this.#next < this.#lines.length && this.#found.length < MOST; this.#next += 1) {
      const line = this.#lines[this.#next] as string;
      if (line.trim() === '') continue;
      if (line.length - line.trimStart().length <= indent) return;
      this.#found.push({ path: [...path, index], text: line.trim().slice(0, LONGEST_LINE), line: this.#next + 1 });
      index += 1;
    }
  }

  /** A list or map in brackets, which may go on for some lines. */
  #flow(path: ScalarPath, first: string): void {
    const places: { readonly at: ScalarPath; key?: string; index: number; readonly isList: boolean }[] = [];
    let text = first;
    for (let line = this.#next; ; line = this.#next) {
      for (const token of text.match(FLOW) ?? []) {
        const here = places.at(-1);
        const at: ScalarPath = here === undefined ? path : [...here.at, here.isList ? here.index : (here.key ?? '')];
        if (token === '[' || token === '{') {
          if (places.length >= DEEPEST) return;
          places.push({ at, index: 0, isList: token === '[' });
        } else if (token === ']' || token === '}') {
          places.pop();
          if (places.length === 0) return;
        } else if (here === undefined || token.startsWith('#')) break;
        else if (token === ',') {
          here.index += 1;
          delete here.key;
        } else if (token === ':') continue;
        else if (!here.isList && here.key === undefined) here.key = unquoted(token.trim());
        else if (token.trim() !== '' && this.#found.length < MOST)
          this.#found.push({ path: at, text: unquoted(token.trim()), line });
      }
      if (places.length === 0 || this.#next >= this.#lines.length) return;
      text = (this.#lines[this.#next] as string).slice(0, LONGEST_LINE).trim();
      this.#next += 1;
    }
  }
}

const QUOTED = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^']|'')*'`;
const PLAIN = `[^\\s[\\]{},:"'#](?:[^[\\]{},:#]|:(?!\\s|$)|(?<=\\S)#)*`;
const FLOW = new RegExp(`[[\\]{},]|#.*|:(?=\\s|$)|${QUOTED}|["'].*|${PLAIN}`, 'g');

/** `name: rest`; `undefined` for what has no key. */
function splitKey(text: string): { readonly name: string; readonly rest: string } | undefined {
  if (text.startsWith('[') || text.startsWith('{')) return undefined;
  const quote = new RegExp(`^(?:${QUOTED})`).exec(text)?.[0];
  const end = quote === undefined ? text.search(/:(?:\s|$)/) : quote.length + text.slice(quote.length).search(/\S|$/);
  if (end === -1 || text[end] !== ':' || !/^(?:\s|$)/.test(text.slice(end + 1))) return undefined;
  return { name: unquoted(text.slice(0, end).trim()), rest: text.slice(end + 1).trim() };
}

/** Without an anchor and a tag in front. */
function withoutProperties(written: string): { readonly anchor?: string; readonly text: string } {
  const [, anchor, text = ''] = /^(?:!\S*\s+)?(?:&(\S+)(?:\s+|$))?(?:!\S*\s+)?(.*)$/.exec(written) ?? [];
  return { ...present({ anchor }), text };
}

function unquoted(text: string): string {
  const quote = new RegExp(`^(?:${QUOTED})`).exec(text)?.[0];
  if (quote?.startsWith("'")) return quote.slice(1, -1).replaceAll("''", "'");
  if (quote !== undefined) return quote.slice(1, -1).replace(/\\(.)/g, '$1');
  return text.replace(/\s#.*$/, '').trim();
}
