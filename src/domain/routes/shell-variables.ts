import { type DefaultVariable, type EnvOp, OFFERED, oursOf } from '../words/env-op';
import { quoteFish, quoteSh } from '../words/shell-quote';
import type { Environment } from './environment';
import { environmentOps } from './environment-variables';

export function exportsSh(environment: Environment): string {
  const lines = environmentOps(environment).map(shLine);
  return `${lines.join('')}export POLYENV_ENV=${quoteSh(environment.directory)}\n`;
}

export function shLine(op: EnvOp): string {
  if (op.op === 'unset') return `unset ${op.name}\n`;
  if (op.op === 'default') return defaultSh(op);
  if (op.op === 'limit') return limitSh(op);
  const value = quoteSh(op.value);
  if (op.op === 'set') return `export ${op.name}=${value}\n`;
  if (op.value === '') return `export ${op.name}="\${${op.name}-}"\n`;
  const both =
    op.op === 'prepend' ? `${value}"\${${op.name}:+:$${op.name}}"` : `"\${${op.name}:+$${op.name}:}"${value}`;
  return `export ${op.name}=${both}\n`;
}

/** What is no number stays as it is. */
function limitSh({ name, most }: { readonly name: string; readonly most: number }): string {
  return `case \${${name}-} in ''|*[!0-9]*) ;; *) [ "$${name}" -le ${most} ] || export ${name}=${most} ;; esac\n`;
}

/** Sets or takes away what the caller did not set: see `DefaultVariable`. */
function defaultSh(op: DefaultVariable): string {
  const { name, value, after = [] } = op;
  const set = value === undefined ? `unset ${name}` : `export ${name}=${quoteSh(value)}`;
  if (op.ours === 'listed')
    return `case \${${name}+x}\${${OFFERED}-} in ''|[!x]*|x*"|${name}=\${${name}-}|"*) ${set} ;; esac\n`;
  const derived = after.reduceRight(
    (inner, one) => `case \${${one}-} in ${patternsOf(op, one)}) ${inner} ;; *) unset ${name} ;; esac`,
    set,
  );
  return `case \${${name}-} in ${patternsOf(op, name)}) ${derived} ;; esac\n`;
}

function patternsOf(op: DefaultVariable, name: string): string {
  const patterns = oursOf(op, name).map((one) => (one.endsWith('*') ? `${quoteSh(one.slice(0, -1))}*` : quoteSh(one)));
  return ["''", ...patterns].join('|');
}

function defaultFish(op: DefaultVariable): string {
  const { name, value, after = [] } = op;
  const set = value === undefined ? `set -e ${name}` : `set -gx ${name} ${quoteFish(value)}`;
  if (op.ours === 'listed')
    return `if not set -q ${name}; or contains -- "${name}=$${name}" (string split -- '|' "$${OFFERED}"); ${set}; end`;
  const derived = after.reduceRight(
    (inner, one) => `${matchesFish(op, one)}; and begin; ${inner}; end; or set -e ${name}`,
    set,
  );
  return `${matchesFish(op, name)}; and begin; ${derived}; end`;
}

/** Whether a variable is not the caller's, in fish. */
function matchesFish(op: DefaultVariable, name: string): string {
  const tests = oursOf(op, name).map((one) =>
    one.endsWith('*')
      ? `string match -q -- ${quoteFish(one.slice(0, -1).replace(/[\\*?]/g, '\\$&'))}'*' "$${name}"`
      : `test "$${name}" = ${quoteFish(one)}`,
  );
  return `begin; test -z "$${name}"; ${tests.map((test) => `or ${test}; `).join('')}end`;
}

/** PATH is a list in fish, other variables are texts: without a command substitution, which would split them at line breaks. */
export function fishLine(op: EnvOp): string {
  if (op.op === 'unset') return `set -e ${op.name}`;
  if (op.op === 'default') return defaultFish(op);
  if (op.op === 'limit')
    return `string match -qr '^[0-9]+$' -- "$${op.name}"; and test "$${op.name}" -gt ${op.most}; and set -gx ${op.name} ${op.most}`;
  const value = quoteFish(op.value);
  if (op.op === 'set') return `set -gx ${op.name} ${value}`;
  const before = op.op === 'prepend';
  if (op.name === 'PATH') return op.value === '' ? '' : `set -gx PATH ${before ? `${value} $PATH` : `$PATH ${value}`}`;
  const old = `"$${op.name}"`;
  if (op.value === '') return `set -gx ${op.name} ${old}`;
  const both = before ? `${value}:${old}` : `${old}:${value}`;
  return `test -n ${old}; and set -gx ${op.name} ${both}; or set -gx ${op.name} ${value}`;
}
