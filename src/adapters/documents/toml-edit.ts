import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import type { AST } from 'toml-eslint-parser';
import { isTable } from '../../domain/formats/document-value';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { DEEPEST, parseOr, parseToml } from './toml';
import { isOptions, type Options, renderKey, renderLine, renderValue, type TomlValue } from './toml-text';

export interface TomlEdit {
  /** A table at the top and a key in it, as the file spells them: `['runtimes', 'node']`. */
  readonly keys: readonly [table: string, key: string];
  /** `undefined` takes the key away. */
  readonly value: TomlValue | undefined;
}

/**
 * The text with one value set or taken away, and every other byte as it was: comments, order, line ends, byte order mark,
 * a missing final newline. A value that is already there is left in its spelling. Throws `manifest-invalid` if the text
 * is not TOML, and `manifest-edit-refused` with the line to write by hand where an edit would cost a comment, or would
 * not parse to exactly what was meant.
 */
export async function editToml(text: string, path: string, edit: TomlEdit): Promise<string> {
  const before = parseToml(text, path).value;
  const [table, key] = edit.keys;
  if (isDeepStrictEqual(plain(before), expected(before, edit))) return text;
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  const source = text.slice(mark.length);
  try {
    const { parseTOML } = await import('toml-eslint-parser');
    const site = { source, program: parseTOML(source), table };
    const found = find(site, key);
    const apart = found.spread.length > 0 || found.headers.length > 0;
    const value = apart && typeof edit.value === 'string' ? { version: edit.value } : edit.value;
    const after = mark + splice(source, plan(site, found, { key, value }));
    const parsed = parseOr(after, () => undefined);
    const meant = expected(before, { ...edit, value });
    if (meant === undefined || !isDeepStrictEqual(withoutEmpty(plain(parsed), table), withoutEmpty(meant, table))) {
      throw new Obstacle('the edit would change more than was meant');
    }
    return after;
  } catch (error) {
    const why = error instanceof Obstacle ? error.message : 'the file has a form that cannot be edited';
    throw refused(path, edit, { why, cause: error });
  }
}

/** A manifest for a folder that has none. */
export function newManifest(entries: readonly TomlEdit[]): string {
  const tables = [...new Set(entries.map((entry) => entry.keys[0]))];
  const parts = tables.map((table) => {
    const lines = entries.flatMap(({ keys, value }) =>
      keys[0] === table && value !== undefined ? [`${renderKey(keys[1])} = ${renderValue(value)}\n`] : [],
    );
    return `[${renderKey(table)}]\n${lines.join('')}`;
  });
  return parts.join('\n');
}

/** What is put in the place of `[start, end)`. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Site {
  readonly source: string;
  readonly program: AST.TOMLProgram;
  readonly table: string;
}

/** Where a value already stands: whole (`node = "20"`), or spread over a table of its own or dotted keys. */
interface Found {
  readonly whole: AST.TOMLKeyValue | undefined;
  /** Pairs below the key, with the rest of their path. */
  readonly spread: readonly { readonly pair: AST.TOMLKeyValue; readonly rest: readonly string[] }[];
  /** Headers `[table.key]`. */
  readonly headers: readonly AST.TOMLTable[];
}

interface Change {
  readonly key: string;
  readonly value: TomlValue | undefined;
}

/** Why an edit is not made, in words for the person. */
class Obstacle extends Error {}

function plan(site: Site, found: Found, { key, value }: Change): readonly Splice[] {
  const { whole, spread, headers } = found;
  if (headers.some((header) => header.kind === 'array')) throw new Obstacle(`${key} is a list of tables`);
  if (whole === undefined && spread.length === 0 && headers.length === 0) {
    return value === undefined ? [] : [insertion(site, key, value)];
  }
  if (value === undefined) {
    const pairs = whole === undefined ? spread.map(({ pair }) => pair) : [whole];
    return [...pairs.map((pair) => removal(site, pair)), ...headers.map((header) => headerRemoval(site, header))];
  }
  return whole === undefined ? spreadReplacement(site, found, value) : replacement(site, whole, value);
}

function find(site: Site, key: string): Found {
  const wanted = [site.table, key];
  let whole: AST.TOMLKeyValue | undefined;
  const spread: { pair: AST.TOMLKeyValue; rest: readonly string[] }[] = [];
  const headers: AST.TOMLTable[] = [];
  const visit = (pair: AST.TOMLKeyValue, above: readonly string[]): void => {
    const path = [...above, ...namesOf(pair.key)];
    if (!agree(path, wanted)) return;
    if (path.length === wanted.length) whole = pair;
    else if (path.length > wanted.length) spread.push({ pair, rest: path.slice(wanted.length) });
    else if (pair.value.type === 'TOMLInlineTable') for (const inner of pair.value.body) visit(inner, path);
  };
  for (const node of site.program.body[0].body) {
    if (node.type === 'TOMLKeyValue') visit(node, []);
    else {
      const path = namesOf(node.key);
      if (!agree(path, wanted)) continue;
      if (path.length >= wanted.length) headers.push(node);
      for (const pair of node.body) visit(pair, path);
    }
  }
  return { whole, spread, headers };
}

function replacement(site: Site, pair: AST.TOMLKeyValue, value: TomlValue): readonly Splice[] {
  const node = pair.value;
  if (node.type === 'TOMLInlineTable' && isOptions(value)) return memberSplices(site, node, value);
  refuseComments(site, node.range);
  return [{ start: node.range[0], end: node.range[1], text: renderValue(value) }];
}

/** Only the members that differ are touched. */
function memberSplices(site: Site, table: AST.TOMLInlineTable, value: Options): readonly Splice[] {
  const plainMembers = table.body.every((pair) => pair.key.keys.length === 1);
  const names = table.body.map((pair) => namesOf(pair.key)[0] ?? '');
  const keeps = names.every((name) => Object.hasOwn(value, name));
  if (!plainMembers || !keeps) {
    refuseComments(site, table.range);
    return [{ start: table.range[0], end: table.range[1], text: renderValue(value) }];
  }
  const changed = table.body.flatMap((pair) => memberSplice(site, pair, value[namesOf(pair.key)[0] ?? '']));
  const added = Object.entries(value).filter(([name]) => !names.includes(name));
  return added.length === 0 ? changed : [...changed, inlineInsertion(site, table, added)];
}

function memberSplice(site: Site, pair: AST.TOMLKeyValue, value: TomlValue | undefined): readonly Splice[] {
  if (value === undefined || isDeepStrictEqual(staticValue(site, pair), value)) return [];
  refuseComments(site, pair.value.range);
  return [{ start: pair.value.range[0], end: pair.value.range[1], text: renderValue(value) }];
}

function spreadReplacement(site: Site, { spread, headers }: Found, value: TomlValue): readonly Splice[] {
  if (!isOptions(value)) throw new Obstacle('it stands in a table of its own');
  const splices: Splice[] = [];
  for (const { pair, rest } of spread) {
    const name = rest[0] ?? '';
    if (rest.length > 1) throw new Obstacle(`${rest.join('.')} stands in a form that cannot be edited`);
    if (Object.hasOwn(value, name)) splices.push(...memberSplice(site, pair, value[name]));
    else splices.push(removal(site, pair));
  }
  const missing = Object.entries(value).filter(([name]) => !spread.some(({ rest }) => rest[0] === name));
  if (missing.length === 0) return splices;
  const last = spread.findLast(({ rest }) => Object.hasOwn(value, rest[0] ?? ''))?.pair;
  const prefix = last === undefined ? '' : prefixOf(site, last);
  const lines = missing.map(([name, member]) => `${prefix}${renderKey(name)} = ${renderValue(member)}`);
  if (last !== undefined && last.parent.type !== 'TOMLInlineTable')
    return [...splices, linesAfter(site, last.range[1], lines)];
  const header = headers[0];
  if (header === undefined) throw new Obstacle('it stands in a form that cannot be edited');
  return [...splices, linesAfter(site, endOfHeader(header), lines)];
}

/** The blanks before a pair on its line, and its key but for the last name: what a sibling begins with. */
function prefixOf(site: Site, pair: AST.TOMLKeyValue): string {
  const lastName = pair.key.keys.at(-1);
  return site.source.slice(lineStart(site.source, pair.range[0]), lastName?.range[0] ?? pair.range[0]);
}

function insertion(site: Site, key: string, value: TomlValue): Splice {
  const body = site.program.body[0].body;
  const line = renderLine(key, value);
  const table = body.find((node) => node.type === 'TOMLTable' && isPath(node.key, [site.table]));
  if (table?.type === 'TOMLTable') {
    if (table.kind === 'array') throw new Obstacle(`${site.table} is a list of tables`);
    const last = table.body.at(-1);
    if (last === undefined) return linesAfter(site, endOfHeader(table), [line]);
    return linesAfter(site, last.range[1], [`${indentOf(site.source, last.range[0])}${line}`]);
  }
  const pairs = body.filter((node) => node.type === 'TOMLKeyValue');
  const inline = pairs.find((pair) => isPath(pair.key, [site.table]));
  if (inline !== undefined) {
    if (inline.value.type !== 'TOMLInlineTable') throw new Obstacle(`${site.table} is not a table`);
    return inlineInsertion(site, inline.value, [[key, value]]);
  }
  const dotted = pairs.findLast((pair) => namesOf(pair.key)[0] === site.table);
  if (dotted !== undefined) {
    const indent = indentOf(site.source, dotted.range[0]);
    return linesAfter(site, dotted.range[1], [`${indent}${renderKey(site.table)}.${line}`]);
  }
  return tableAtEnd(site, line);
}

function tableAtEnd({ source, table }: Site, line: string): Splice {
  const eol = lineEnd(source);
  const final = source === '' || source.endsWith('\n');
  const apart = source === '' || /(^|\n)\r?\n$/.test(source) ? '' : eol;
  const text = `${final ? '' : eol}${apart}[${renderKey(table)}]${eol}${line}${final ? eol : ''}`;
  return { start: source.length, end: source.length, text };
}

/** New lines below the line on which `offset` is, a comment at its end included. */
function linesAfter({ source }: Site, offset: number, lines: readonly string[]): Splice {
  const eol = lineEnd(source);
  const end = source.indexOf('\n', offset);
  if (end === -1) return { start: source.length, end: source.length, text: lines.map((line) => eol + line).join('') };
  return { start: end + 1, end: end + 1, text: lines.map((line) => line + eol).join('') };
}

function inlineInsertion(
  site: Site,
  table: AST.TOMLInlineTable,
  added: readonly (readonly [string, TomlValue])[],
): Splice {
  const text = added.map(([name, value]) => renderLine(name, value)).join(', ');
  const last = table.body.at(-1);
  if (last !== undefined) return { start: last.range[1], end: last.range[1], text: `, ${text}` };
  refuseComments(site, table.range);
  return { start: table.range[0], end: table.range[1], text: `{ ${text} }` };
}

function removal(site: Site, pair: AST.TOMLKeyValue): Splice {
  refuseComments(site, pair.value.range);
  if (pair.parent.type !== 'TOMLInlineTable') return wholeLines(site.source, pair.range);
  const siblings = pair.parent.body;
  const index = siblings.indexOf(pair);
  const next = siblings[index + 1];
  const previous = siblings[index - 1];
  const range: AST.Range =
    next !== undefined
      ? [pair.range[0], next.range[0]]
      : previous !== undefined
        ? [previous.range[1], pair.range[1]]
        : [pair.parent.range[0] + 1, pair.parent.range[1] - 1];
  refuseComments(site, range);
  return { start: range[0], end: range[1], text: '' };
}

/** The header's line goes; comments on lines of their own below it stay. */
function headerRemoval({ source }: Site, header: AST.TOMLTable): Splice {
  return wholeLines(source, [header.range[0], endOfHeader(header)]);
}

/** With their line end; the last line of a text without a final newline takes the line end before it instead. */
function wholeLines(source: string, range: AST.Range): Splice {
  const start = lineStart(source, range[0]);
  const end = source.indexOf('\n', range[1]);
  if (end !== -1) return { start, end: end + 1, text: '' };
  return { start: start - (/\r?\n$/.exec(source.slice(0, start))?.[0].length ?? 0), end: source.length, text: '' };
}

function refuseComments(site: Site, range: AST.Range): void {
  if (site.program.comments.some((comment) => comment.range[0] >= range[0] && comment.range[1] <= range[1])) {
    throw new Obstacle('a comment stands within the value, and would be lost');
  }
}

function splice(source: string, splices: readonly Splice[]): string {
  let result = source;
  let before = source.length + 1;
  for (const { start, end, text } of splices.toSorted((a, b) => b.start - a.start || b.end - a.end)) {
    // Only removals can meet: the last line of a text without a final newline takes the line end before it.
    if (end > before && text !== '') throw new Obstacle('two changes fall on the same place');
    result = result.slice(0, start) + text + result.slice(Math.min(end, before));
    before = start;
  }
  return result;
}

/** The parsed value after the edit, as plain objects; `undefined` if the table is none. */
function expected(before: unknown, { keys: [table, key], value }: TomlEdit): unknown {
  const top = plain(before) as Record<string, unknown>;
  const old = Object.hasOwn(top, table) ? top[table] : undefined;
  if (old !== undefined && !isTable(old)) return undefined;
  if (value === undefined) {
    if (old === undefined) return top;
    const rest = Object.entries(old).filter(([name]) => name !== key);
    return define(top, table, Object.fromEntries(rest));
  }
  return define(top, table, define({ ...old }, key, plain(value)));
}

/** A table that lost its last key may stand empty or be gone: both say the same. */
function withoutEmpty(top: unknown, table: string): unknown {
  if (!isTable(top)) return undefined;
  const rest = Object.entries(top).filter(([name, value]) => name !== table || Object.keys(value as object).length > 0);
  return Object.fromEntries(rest);
}

function define(target: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  return Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Without the parser's null prototypes, so that values compare by content. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

function staticValue({ source }: Site, pair: AST.TOMLKeyValue): unknown {
  const parsed = parse(`x = ${source.slice(...pair.value.range)}`, { maxDepth: DEEPEST });
  return plain(parsed.x);
}

function namesOf(key: AST.TOMLKey): readonly string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function isPath(key: AST.TOMLKey, path: readonly string[]): boolean {
  const names = namesOf(key);
  return names.length === path.length && agree(names, path);
}

/** Whether the paths are the same as far as both go. */
function agree(a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).every((name, index) => name === b[index]);
}

function endOfHeader(header: AST.TOMLTable): number {
  return header.key.range[1];
}

function lineStart(source: string, offset: number): number {
  return source.lastIndexOf('\n', offset - 1) + 1;
}

function indentOf(source: string, offset: number): string {
  return /^[ \t]*/.exec(source.slice(lineStart(source, offset), offset))?.[0] ?? '';
}

/** As the text's first line ends. */
function lineEnd(source: string): string {
  return /\r?\n/.exec(source)?.[0] ?? '\n';
}

function refused(
  path: string,
  edit: TomlEdit,
  { why, cause }: { readonly why: string; readonly cause: unknown },
): PolyenvError {
  const [table, key] = edit.keys;
  const hint =
    edit.value === undefined
      ? `take ${key} out of [${table}] by hand`
      : `write below [${table}] by hand: ${renderLine(key, edit.value)}`;
  return new PolyenvError('manifest-edit-refused', printable(`${key} cannot be changed: ${why}`), {
    where: { file: path },
    hint: printable(hint),
    cause,
  });
}
