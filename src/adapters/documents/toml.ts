import { parse, TomlError } from 'smol-toml';
import { type DocumentValue, isTable } from '../../domain/formats/document-value';
import { tomlLines } from '../../domain/formats/toml-lines';
import { type ErrorCode, PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';

/** Parses TOML. Throws `manifest-invalid` (or `code`) with line and column, also for a text above `limit` characters. */
export function parseToml(text: string, path: string, rules: TomlRules = {}): DocumentValue {
  const { code = 'manifest-invalid', limit = DEFAULT_LIMIT, hint } = rules;
  const fix = hint === undefined ? {} : { hint };
  if (text.length > limit) {
    throw new PolyenvError(code, `the file is larger than ${limit} bytes`, { where: { file: path }, ...fix });
  }
  let lineOf: DocumentValue['lineOf'] | undefined;
  return {
    path,
    value: parseOr(text, (error) => {
      const conflict = /^<{7} /m.exec(text);
      const line = conflict === null ? error.line : text.slice(0, conflict.index).split('\n').length;
      const what = conflict === null ? reasonOf(error) : 'a merge conflict was not resolved';
      const where = { file: path, line, ...(conflict === null ? { column: error.column } : {}) };
      throw new PolyenvError(code, printable(what), { where, ...fix, cause: error });
    }),
    lineOf: (...keys) => {
      lineOf ??= tomlLines(text);
      return lineOf(...keys);
    },
  };
}

export interface TomlRules {
  readonly code?: ErrorCode;
  readonly limit?: number;
  readonly hint?: string;
}

const DEFAULT_LIMIT = 1024 * 1024;

/** Far deeper than real documents, and far from where the stack ends. */
export const DEEPEST = 64;

export function parseOr<T>(text: string, otherwise: (error: TomlError) => T): Readonly<Record<string, unknown>> | T {
  try {
    const value = parse(text, { maxDepth: DEEPEST });
    // The library bounds brackets only: a key of a hundred thousand dots would exhaust whoever walks the value.
    if (isTooDeep(value)) throw new TomlError('nesting is too deep', { toml: text, ptr: 0 });
    return value;
  } catch (error) {
    if (error instanceof TomlError) return otherwise(error);
    throw error;
  }
}

function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    level = level.flatMap((member) => (Array.isArray(member) ? member : isTable(member) ? Object.values(member) : []));
  }
  return level.length > 0;
}

/** The library's message is a heading, the reason, and then a picture of the lines. */
function reasonOf(error: TomlError): string {
  const [first = 'it is not TOML'] = error.message.split('\n');
  return first.replace(/^Invalid TOML document: /, 'it is not TOML: ');
}
