import { JsonFault } from './json-document';

/**
 * JSON with comments and trailing commas, as editors keep their settings:
 * https://code.visualstudio.com/docs/languages/json#_json-with-comments. A JSON `null` is `undefined`.
 */
export type JsonValue =
  | string
  | number
  | boolean
  | undefined
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Throws `JsonFault`. An empty text is an empty object. */
export function readJsonc(text: string): JsonValue {
  return parse(text)?.value ?? {};
}

/**
 * The text with one value set, and every other byte as it was: comments, order, line ends, indentation. Objects on the way
 * are made where there are none; a number is a place in a list, at most one behind its end. Throws `JsonFault`.
 */
export function editJsonc(text: string, path: readonly (string | number)[], value: JsonValue): string {
  const root = parse(text);
  if (root === undefined) return editJsonc(`${text.trimEnd()}${text.trim() === '' ? '' : '\n'}{}\n`, path, value);
  let node = root;
  for (const [depth, key] of path.entries()) {
    const next = node.members?.findLast((member) => member.key === key)?.node;
    const rest = nested(path.slice(depth + 1), value);
    if (next === undefined) {
      if (node.members === undefined || (typeof key === 'number') !== (text[node.start] === '[')) {
        return replace(text, node, nested(path.slice(depth), value));
      }
      return insert(text, node, { key, value: rest });
    }
    node = next;
  }
  return same(node.value, value) ? text : replace(text, node, value);
}

/** Whether both say the same, in the same order. */
export function same(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interface Node {
  /** Offsets of its text. */
  readonly start: number;
  readonly end: number;
  readonly value: JsonValue;
  /** Of an object or a list. */
  readonly members?: readonly Member[];
  /** Whether the last member is followed by a comma. */
  readonly comma?: boolean;
}

interface Member {
  readonly key: string | number;
  /** Where its line's text begins: the key, or the value in a list. */
  readonly start: number;
  readonly node: Node;
}

const DEEPEST = 200;

function parse(text: string): Node | undefined {
  let at = text.startsWith('\ufeff') ? 1 : 0;

  const fail = (what: string): never => {
    const before = text.slice(0, at).split('\n');
    throw new JsonFault(what, { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
  };
  const skip = (): void => {
    const blank = /(?:[ \t\r\n]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
    blank.lastIndex = at;
    blank.exec(text);
    at = blank.lastIndex;
  };
  const word = (pattern: RegExp, what: string): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? fail(what);
    at += found.length;
    return found;
  };
  const string = (): string => {
    const start = at;
    const found = word(/"(?:[^"\\\n\r]|\\.)*"/y, 'a text in double quotes is expected');
    try {
      return JSON.parse(found) as string;
    } catch {
      at = start;
      return fail('a text cannot be read');
    }
  };
  const container = (close: string, depth: number): Node => {
    const start = at;
    const members: Member[] = [];
    let comma = false;
    at += 1;
    for (skip(); text[at] !== close; skip()) {
      if (members.length > 0 && !comma) fail('a comma is expected');
      const begin = at;
      const key = close === '}' ? string() : members.length;
      if (close === '}') {
        skip();
        word(/:/y, 'a colon is expected');
        skip();
      }
      members.push({ key, start: begin, node: element(depth + 1) });
      skip();
      comma = text[at] === ',';
      if (comma) at += 1;
    }
    at += 1;
    const value =
      close === ']'
        ? members.map(({ node }) => node.value)
        : Object.fromEntries(members.map(({ key, node }) => [key, node.value]));
    return { start, end: at, value, members, comma };
  };
  const element = (depth: number): Node => {
    if (depth > DEEPEST) fail('nesting is too deep');
    const start = at;
    if (text[at] === '{') return container('}', depth);
    if (text[at] === '[') return container(']', depth);
    if (text[at] === '"') return { value: string(), start, end: at };
    const found = word(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y, 'a value is expected');
    return { value: found === 'null' ? undefined : (JSON.parse(found) as JsonValue), start, end: at };
  };

  skip();
  if (at >= text.length) return undefined;
  const root = element(0);
  skip();
  if (at < text.length) fail('there is something after the end of the document');
  return root;
}

function nested(path: readonly (string | number)[], value: JsonValue): JsonValue {
  return path.reduceRight<JsonValue>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value);
}

function replace(text: string, node: Node, value: JsonValue): string {
  return text.slice(0, node.start) + render(text, value, indentAt(text, node.start)) + text.slice(node.end);
}

function insert(
  text: string,
  node: Node,
  { key, value }: { readonly key: string | number; readonly value: JsonValue },
): string {
  const members = node.members ?? [];
  const last = members.at(-1);
  const name = typeof key === 'number' ? '' : `${JSON.stringify(key)}: `;
  const close = node.end - 1;
  if (last !== undefined && !text.slice(node.start, node.end).includes('\n')) {
    const blank = /\s$/.test(text.slice(0, close)) ? ' ' : '';
    const head = text.slice(0, close).trimEnd();
    return `${head}${node.comma ? '' : ','} ${name}${JSON.stringify(value)}${blank}${text.slice(close)}`;
  }
  const outer = indentAt(text, node.start);
  const inner = last === undefined ? outer + unitOf(text) : indentAt(text, last.start);
  const line = lineEnd(text);
  // A comment behind the last member stays behind it.
  const withComma =
    last === undefined || node.comma
      ? text.slice(0, close)
      : `${text.slice(0, last.node.end)},${text.slice(last.node.end, close)}`;
  return `${withComma.trimEnd()}${line}${inner}${name}${render(text, value, inner)}${line}${outer}${text.slice(close)}`;
}

function render(text: string, value: JsonValue, indent: string): string {
  return JSON.stringify(value, undefined, unitOf(text)).replaceAll('\n', `${lineEnd(text)}${indent}`);
}

/** The blanks with which the line of that offset begins. */
function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
}

function unitOf(text: string): string {
  return /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
}

function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
