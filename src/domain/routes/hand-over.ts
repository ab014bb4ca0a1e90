import { isVariableName } from '../words/env-op';
import { quoteSh } from '../words/shell-quote';

/** What the launcher knows: how polyenv was called, and its own variables. */
export interface Caller {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
}

export interface Successor {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * Shell text by which the launcher becomes the program. Its own last words are handed on as `"$@"`, and a variable is
 * extended where it was only extended: bytes that are no UTF-8 arrive as they were. `undefined` where sh cannot say it.
 */
export function renderHandOver(caller: Caller, { file, args, env, cwd }: Successor): string | undefined {
  const names = [...new Set([...Object.keys(caller.env), ...Object.keys(env)])];
  const changed = names.filter((name) => caller.env[name] !== env[name]);
  if (!changed.every(isVariableName)) return undefined;
  const kept = commonEnd(caller.argv, args);
  const own = args.slice(0, args.length - kept).map((word) => ` ${quoteSh(word)}`);
  const lines = changed.map((name) => changeOf(name, caller.env[name], env[name]));
  return [
    HAND_OVER,
    `shift ${caller.argv.length - kept}`,
    ...(caller.cwd === cwd ? [] : [`cd ${quoteSh(cwd)} || exit 126`]),
    ...lines,
    `exec ${quoteSh(file)}${own.join('')} "$@"`,
    '',
  ].join('\n');
}

/** The launcher starts polyenv anew, as itself: for what is left to do once the program has ended. */
export function renderStay(): string {
  return `${HAND_OVER}\n__polyenv_start "$@"\n`;
}

/** First line of such a text. */
export const HAND_OVER = '# polyenv hand-over 1';

function changeOf(name: string, before: string | undefined, after: string | undefined): string {
  if (after === undefined) return `unset ${name}`;
  if (before !== undefined && before !== '') {
    if (after.endsWith(before)) return `export ${name}=${quoteSh(after.slice(0, -before.length))}"\${${name}}"`;
    if (after.startsWith(before)) return `export ${name}="\${${name}}"${quoteSh(after.slice(before.length))}`;
  }
  return `export ${name}=${quoteSh(after)}`;
}

function commonEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < Math.min(a.length, b.length) && a[a.length - 1 - count] === b[b.length - 1 - count]) count += 1;
  return count;
}
