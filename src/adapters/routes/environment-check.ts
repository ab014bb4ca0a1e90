import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { renderEnvFish, renderEnvSh } from '../../domain/routes/environment-texts';
import { isCommandName, renderRoute, renderTraces } from '../../domain/routes/route-script';
import { readTextIfAny } from '../files/fs';
import { readEnvironment } from './environments';
import { HOOKS, renderHooks } from './hooks';

/**
 * Files of a compiled environment that are not what its `env.json` says, by their paths. That `env.json` itself is out of
 * date is no fault: shims notice that, and it is compiled anew at the next use.
 */
export async function compareEnvironment(folder: string): Promise<readonly string[]> {
  const description = join(folder, 'env.json');
  const environment = await readEnvironment(folder);
  // A folder of version files has its lock here, and need not have been compiled for itself.
  if (environment === undefined) return (await readdir(folder)).some(isCompiled) ? [description] : [];
  const wrong: string[] = [];
  const stamps = (await readdir(folder)).filter((name) => name.startsWith('stamps-'));
  const expected: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'env.sh': [attempt(() => renderEnvSh(environment))],
    'env.fish': [attempt(() => renderEnvFish(environment))],
    // Without one the shims ask polyenv, which is slow but right.
    'route.sh': [undefined, ...stamps.map((name) => attempt(() => renderRoute(environment, join(folder, name))))],
    ...Object.fromEntries(
      HOOKS.map((hook) => [
        hook,
        [undefined, ...stamps.map((name) => attempt(() => renderHooks(environment, join(folder, name))[hook]))],
      ]),
    ),
  };
  for (const name of stamps) {
    for (const [file, text] of Object.entries(renderTraces(environment, join(folder, name)))) {
      const at = join(folder, name, file);
      if ((await readTextIfAny(at)) !== text && existsSync(join(folder, 'route.sh'))) wrong.push(at);
    }
  }
  for (const [name, texts] of Object.entries(expected)) {
    const file = join(folder, name);
    if (!texts.includes(await readTextIfAny(file))) wrong.push(file);
  }
  for (const { tool, toolchain, commands, overlay, beside } of environment.runtimes) {
    const links = Object.entries(commands).filter(
      ([name]) => isCommandName(name) && !(overlay?.ready && overlay.commands.includes(name)),
    );
    for (const [link, target] of [
      ...(beside === undefined ? [[join(folder, tool), toolchain] as const] : []),
      ...links.map(([name, file]) => [join(folder, 'bin', name), file] as const),
    ]) {
      const [reached, wanted] = await Promise.all([link, target].map((path) => realpath(path).catch(() => undefined)));
      // A toolchain that is gone is a finding of its own, or none: `prune` and `uninstall` leave routes that say so.
      if (wanted !== undefined && reached !== wanted) wrong.push(link);
    }
  }
  return wrong;
}

function isCompiled(name: string): boolean {
  return name.startsWith('stamps-') || ['env.json', 'env.sh', 'env.fish', 'route.sh'].includes(name);
}

/** What cannot be rendered is not what was compiled. */
function attempt(render: () => string): string | undefined {
  try {
    return render();
  } catch {
    return 'unreadable';
  }
}
