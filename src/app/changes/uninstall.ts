import { existsSync } from 'node:fs';
import { withLock } from '../../adapters/home/lock';
import { settingsFile } from '../../adapters/home/settings';
import { listEnvironments } from '../../adapters/routes/environments';
import { listToolchains, removeToolchain } from '../../adapters/store/store';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { parseRequests } from '../project/requests';
import { refreshShims } from '../routes/compile';
import { knownOverlays } from '../routes/known-overlays';
import { servedToolchains } from '../services/care';

/**
 * The toolchains that answer the requests. Throws `not-installed` where there is none, and `in-use` where a project, a
 * `.venv` or a service needs one: with `force` only where a server runs on it.
 */
export async function chooseUnneeded(
  ctx: Context,
  texts: readonly string[],
  { force }: { readonly force: boolean },
): Promise<readonly Toolchain[]> {
  const requests = await parseRequests(texts);
  const chosen = (await listToolchains(ctx.home)).filter((toolchain) =>
    requests.some(
      ({ runtime, request }) =>
        runtime.id === toolchain.tool &&
        (request.version.kind === 'latest' || runtime.scheme.matches(request.version, { version: toolchain.version })),
    ),
  );
  if (chosen.length === 0)
    throw new PolyenvError('not-installed', `${texts.join(', ')}: nothing like that is installed`, {
      hint: 'polyenv ls',
    });
  const users = (await listEnvironments(ctx.home)).filter((environment) => existsSync(environment.directory));
  const overlays = await knownOverlays(ctx);
  const served = await servedToolchains(ctx);
  for (const toolchain of chosen) {
    const { root, tool, version } = toolchain;
    const what = `${tool} ${version}`;
    const hint = `polyenv uninstall --force ${tool}@${version}`;
    const service = served.find((one) => one.root === root && (one.running || !force));
    // guard: uninstall-running
    if (service !== undefined) {
      const { name, project, running } = service;
      throw new PolyenvError('in-use', `${name} of ${project} ${running ? 'runs on' : 'has data of'} ${what}`, {
        where: { file: project },
        hint: running ? `polyenv -C ${project} stop ${name}` : `${hint}: the data stay, and need it again`,
      });
    }
    if (force) continue;
    const overlay = overlays.find((one) => one.toolchain === root);
    if (overlay !== undefined)
      throw new PolyenvError('in-use', `${what} is needed by ${overlay.path}`, { where: { file: overlay.path }, hint });
    const user = users.find((environment) => environment.toolchains.includes(root));
    if (user !== undefined) {
      const isDefault = user.of === 'defaults';
      throw new PolyenvError('in-use', `${what} ${isDefault ? 'is your default' : `is pinned by ${user.directory}`}`, {
        where: { file: isDefault ? settingsFile(ctx.host) : user.directory },
        hint,
      });
    }
  }
  return chosen;
}

/** Takes them out of the store, and the commands that only they had away from the shims. */
export async function uninstall(ctx: Context, toolchains: readonly Toolchain[]): Promise<void> {
  const { home, host, emit } = ctx;
  for (const { key } of toolchains) {
    const lock = { home, host, name: key, purpose: `removing ${key}`, timeout: ctx.settings.lockTimeout, emit };
    await withLock(lock, () => removeToolchain(home, key));
  }
  await refreshShims(ctx);
}
