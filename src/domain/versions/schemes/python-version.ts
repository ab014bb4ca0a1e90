import { compareNumbers } from './numbers';

/** A version as PEP 440 takes it apart. */
export interface PythonVersion {
  readonly epoch: number;
  readonly numbers: readonly number[];
  readonly pre?: { readonly stage: 'a' | 'b' | 'rc'; readonly number: number };
  readonly post?: number;
  readonly dev?: number;
  readonly local: readonly (string | number)[];
}

const VERSION = new RegExp(
  [
    '^v?(?:(\\d+)[!_])?(\\d+(?:\\.\\d+)*)',
    '(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\\d*))?',
    '(?:-(\\d+)|[-_.]?(post|rev|r)[-_.]?(\\d*))?',
    '(?:[-_.]?(dev)[-_.]?(\\d*))?',
    '(?:\\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$',
  ].join(''),
);

/** https://packaging.python.org/en/latest/specifications/version-specifiers/#appendix-parsing-version-strings-with-regular-expressions */
export function readPython(text: string): PythonVersion | undefined {
  if (text.length > 256) return undefined;
  const match = VERSION.exec(text.toLowerCase());
  if (match === null) return undefined;
  const [, epoch, numbers = '', stage, early, implicit, post, after, dev, unfinished, local] = match;
  const read = numbers.split('.').map(Number);
  if (![...read, Number(epoch ?? 0), Number(early ?? 0)].every(Number.isSafeInteger)) return undefined;
  return {
    epoch: Number(epoch ?? 0),
    numbers: read,
    ...(stage !== undefined && { pre: { stage: stageOf(stage), number: Number(early ?? 0) } }),
    ...((implicit ?? post) !== undefined && { post: Number(implicit ?? after ?? 0) }),
    ...(dev !== undefined && { dev: Number(unfinished ?? 0) }),
    local: (local?.split(/[-_.]/) ?? []).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  };
}

/** The normal form. An epoch is written `1_2.0` for `1!2.0`: a version must be able to stand in a path. */
export function asPython(version: PythonVersion): string {
  const { epoch, numbers, pre, post, dev, local } = version;
  return [
    epoch === 0 ? '' : `${epoch}_`,
    numbers.join('.'),
    pre === undefined ? '' : `${pre.stage}${pre.number}`,
    post === undefined ? '' : `.post${post}`,
    dev === undefined ? '' : `.dev${dev}`,
    local.length === 0 ? '' : `+${local.join('.')}`,
  ].join('');
}

export function isEarly({ pre, dev }: PythonVersion): boolean {
  return pre !== undefined || dev !== undefined;
}

/** 1.0.dev1 < 1.0a1 < 1.0rc1 < 1.0 < 1.0+local < 1.0.post1; `1.0` and `1.0.0` are the same. */
export function comparePython(a: PythonVersion, b: PythonVersion): number {
  return (
    a.epoch - b.epoch ||
    compareNumbers(a.numbers, b.numbers) ||
    compareNumbers(preKey(a), preKey(b)) ||
    (a.post ?? -1) - (b.post ?? -1) ||
    compareDev(a.dev, b.dev) ||
    compareLocal(a.local, b.local)
  );
}

function stageOf(word: string): 'a' | 'b' | 'rc' {
  if (word === 'alpha' || word === 'a') return 'a';
  return word === 'beta' || word === 'b' ? 'b' : 'rc';
}

function preKey({ pre, post, dev }: PythonVersion): readonly number[] {
  if (pre !== undefined) return [{ a: 1, b: 2, rc: 3 }[pre.stage], pre.number];
  return post === undefined && dev !== undefined ? [0, 0] : [4, 0];
}

function compareDev(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0);
  return a - b;
}

function compareLocal(a: PythonVersion['local'], b: PythonVersion['local']): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    if (typeof left === 'number' && typeof right === 'number') {
      if (left !== right) return left - right;
    } else if (typeof left !== typeof right) return typeof left === 'number' ? 1 : -1;
    else if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
