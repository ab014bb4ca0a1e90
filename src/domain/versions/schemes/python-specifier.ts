import { hasPrefix, readPrefix } from './numbers';
import { asPython, comparePython, isEarly, type PythonVersion, readPython } from './python-version';

/** Alternatives (`||`), each a list of clauses that must all hold. */
export type Specifiers = readonly (readonly Clause[])[];

interface Clause {
  readonly operator: Operator;
  /** As written: `===` compares texts. */
  readonly text: string;
  /** For `==2.0.*` the version before the wildcard. */
  readonly version: PythonVersion;
  readonly wildcard: boolean;
}

type Operator = (typeof OPERATORS)[number];

const OPERATORS = ['===', '==', '!=', '~=', '<=', '>=', '<', '>', '^', '~'] as const;

/**
 * PEP 440's specifiers, apart by commas or blanks; beside them `||`, `^3.11`, `~3.11` and bare versions, as
 * setup-python and Poetry have them. For what is none, the clause that is not.
 */
export function readSpecifiers(text: string): Specifiers | { readonly bad: string } {
  const alternatives: Clause[][] = [];
  for (const part of text.split('||')) {
    const clauses: Clause[] = [];
    for (const item of part.replace(/([<>=~^!]) +/g, '$1').split(/[, ]+/)) {
      // A comma at the end is allowed by packaging.
      if (item === '') continue;
      const clause = readClause(item);
      if (clause === undefined) return { bad: item };
      clauses.push(clause);
    }
    if (clauses.length === 0) return { bad: part === '' ? text : part };
    alternatives.push(clauses);
  }
  return alternatives;
}

function readClause(item: string): Clause | undefined {
  const written = OPERATORS.find((operator) => item.startsWith(operator));
  const text = item.slice(written?.length ?? 0);
  const wildcard = text.endsWith('.*') || text === '*' || (written === undefined && readPrefix(text) !== undefined);
  const operator = written ?? '==';
  const bare = text === '*' ? '0' : wildcard ? text.replace(/(?:\.[*x])+$/, '') : text;
  const version = readPython(bare);
  if (version === undefined || (wildcard && operator !== '==' && operator !== '!=')) return undefined;
  if (operator === '~=' && version.numbers.length < 2) return undefined;
  const localAllowed = operator === '==' || operator === '!=' || operator === '===';
  if (version.local.length > 0 && (!localAllowed || wildcard)) return undefined;
  return { operator, text, wildcard, version: text === '*' ? { ...version, numbers: [] } : version };
}

export interface Candidate {
  readonly parts: PythonVersion;
  readonly early: boolean;
  readonly text: string;
}

/** Pre-releases answer only an alternative that names one, other than to exclude it. */
export function satisfiesSpecifiers(specifiers: Specifiers, candidate: Candidate): boolean {
  return specifiers.some((clauses) => {
    const namesEarly = clauses.some((clause) => clause.operator !== '!=' && isEarly(clause.version));
    return (namesEarly || !candidate.early) && clauses.every((clause) => satisfies(clause, candidate));
  });
}

function satisfies(clause: Clause, { parts, text }: Candidate): boolean {
  const { operator, version, wildcard } = clause;
  const open = { ...parts, local: [] };
  const order = comparePython(open, version);
  switch (operator) {
    case '===':
      return text === clause.text.toLowerCase() || asPython(parts) === clause.text.toLowerCase();
    case '==':
      return isEqual(clause, parts);
    case '!=':
      return !isEqual(clause, parts);
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0 && !(isEarly(parts) && !isEarly(version) && sameNumbers(parts, version));
    case '>':
      return order > 0 && !(parts.post !== undefined && version.post === undefined && sameNumbers(parts, version));
    case '~=':
      return order >= 0 && startsWith(parts, version, version.numbers.length - 1);
    case '^':
      return order >= 0 && startsWith(parts, version, caretLength(version));
    case '~':
      return (
        order >= 0 &&
        startsWith(parts, version, wildcard ? version.numbers.length : Math.min(2, version.numbers.length))
      );
  }
}

/** A local version counts only where the clause names one. */
function isEqual({ version, wildcard }: Clause, parts: PythonVersion): boolean {
  if (wildcard) return startsWith(parts, version, version.numbers.length);
  return comparePython(version.local.length === 0 ? { ...parts, local: [] } : parts, version) === 0;
}

function sameNumbers(a: PythonVersion, b: PythonVersion): boolean {
  return (
    comparePython(
      { epoch: a.epoch, numbers: a.numbers, local: [] },
      { epoch: b.epoch, numbers: b.numbers, local: [] },
    ) === 0
  );
}

function startsWith(parts: PythonVersion, version: PythonVersion, length: number): boolean {
  return parts.epoch === version.epoch && hasPrefix(parts.numbers, version.numbers.slice(0, length));
}

/** Up to and with the first number that is not 0: `^0.2.3` stays in 0.2. */
function caretLength({ numbers }: PythonVersion): number {
  const first = numbers.findIndex((number) => number !== 0);
  return first === -1 ? numbers.length : first + 1;
}
