import { translateFsError } from '../../adapters/files/fs-errors';
import { PolyenvError } from '../../domain/words/errors';
import { incomplete, isOwnMissing } from '../../domain/words/incomplete';
import { present } from '../../domain/words/present';
import { printable } from '../../domain/words/printable';
import type { Style } from './style';

/** Three lines: what, where, and the command that fixes it. The stack only with `-v`. */
export function errorText(error: unknown, style: Style, verbose: 'verbose' | undefined): string {
  const known = asPolyenvError(error);
  const lines = [`${style.red(`error[${known.code}]`)} ${printable(known.message)}`];
  for (const line of known.said ?? []) lines.push(style.dim(`  | ${printable(line)}`));
  if (known.where !== undefined) {
    const { file, line, column } = known.where;
    lines.push(`  at   ${printable([file, line, column].filter((part) => part !== undefined).join(':'))}`);
  }
  if (known.hint !== undefined) lines.push(`  try  ${printable(known.hint)}`);
  if (verbose !== undefined) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      lines.push(style.dim(cause.stack ?? String(cause)));
  }
  return `${lines.join('\n')}\n`;
}

/** The `error` member of the object that `--json` prints. */
export function errorData(error: unknown): Readonly<Record<string, unknown>> {
  const { code, exit, message, where, hint, status, said } = asPolyenvError(error);
  return {
    code,
    exit,
    message,
    ...(where && { where }),
    ...present({ hint, said }),
    ...(status && { status }),
  };
}

/** A defect of ours, or a failure of the system that no adapter translated, is still told in the same form. */
export function asPolyenvError(error: unknown): PolyenvError {
  if (error instanceof PolyenvError) return error;
  if (isOwnMissing(error)) {
    const { message, hint } = incomplete(error);
    return new PolyenvError('failed', message, { hint, cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  const path = (error as { readonly path?: unknown } | undefined)?.path;
  const told = translateFsError(error, typeof path === 'string' ? path : 'a file');
  // Whether it was to be written or only read is not known here: the system's own words say what was tried.
  if (told?.code === 'home-unwritable') {
    return new PolyenvError(told.code, message, {
      hint: 'check who owns that path, or set POLYENV_HOME',
      cause: error,
    });
  }
  if (told !== undefined) return told;
  return new PolyenvError('failed', message, { hint: 'run it again with -v and report what it prints', cause: error });
}
