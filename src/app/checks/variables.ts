import type { Environment } from '../../domain/routes/environment';
import { isCallers } from '../../domain/words/env-op';
import { quoted } from '../../domain/words/printable';
import { quoteSh } from '../../domain/words/shell-quote';
import type { Context } from '../base/context';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';

import type { Finding } from './finding';

/** Variables of this shell that lead tools away from what the project has: its private homes, or its toolchains where no shim is asked. */
export function variableFindings(
  ctx: Context,
  environment: Environment,
  allDecided: readonly DecidedToolchain[],
): readonly Finding[] {
  const { env } = ctx.host;
  return environment.runtimes.flatMap(({ tool, version, variables }): readonly Finding[] => {
    const runtime = allDecided.find((decided) => decided.runtime.id === tool)?.runtime;
    const title = runtime?.title ?? tool;
    const leaks = variables.flatMap((op) => (op.op === 'default' && isCallers(op, op.name, env) ? [op.name] : []));
    const replaced = variables.flatMap((op) =>
      op.op === 'set' || op.op === 'unset' ? [{ name: op.name, own: op.op === 'set' ? op.value : undefined }] : [],
    );
    const watched = [...replaced, ...(runtime?.advice?.misleading ?? []).map((name) => ({ name, own: undefined }))];
    const stale = watched.filter(({ name, own }) => {
      const value = env[name];
      return value !== undefined && value !== '' && value !== own && !value.startsWith(`${ctx.home.root}/`);
    });
    return [
      ...leaks.map((name) => ({
        kind: 'variable-kept',
        level: 'warning' as const,
        message: `${name} is ${quoted(env[name] ?? '')} in this shell, and takes the place of what ${title} has for this project alone`,
        hint: `unset ${name}`,
      })),
      ...stale.map(({ name }) => ({
        kind: 'variable-stale',
        level: 'warning' as const,
        message: `${name} is ${quoted(env[name] ?? '')} in this shell: what is started by its path, past the shims, does not get ${title} ${version}`,
        hint: `unset ${name}, or start it so: polyenv exec -- ${quoteSh('./PROGRAM')}`,
      })),
    ];
  });
}
