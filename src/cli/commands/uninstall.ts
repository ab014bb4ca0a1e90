import { existsSync } from 'node:fs';
import { withLock } from '../../adapters/home/lock';
import { settingsFile } from '../../adapters/home/settings';
import { listEnvironments } from '../../adapters/routes/shims';
import { listToolchains, removeToolchain } from '../../adapters/store/store';
import { parseWishes } from '../../app/project/wishes';
import { refreshShims } from '../../app/routes/compile';
import { knownOverlays } from '../../app/routes/known-overlays';
import { servedToolchains } from '../../app/services/care';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'uninstall',
  summary: 'take toolchains out of the store, or forget linked ones',
  describe: 'Refuses what a project on this machine pins, unless --force. A linked toolchain itself is not touched.',
  arguments: [
    {
      name: 'tool@version',
      describe: 'every toolchain that answers it',
      required: true,
      variadic: true,
      complete: 'installed',
    },
  ],
  options: [{ name: 'force', describe: 'also what projects pin; they install it again when they need it' }],
  examples: [{ run: 'polyenv uninstall node@18', describe: 'all of Node 18' }],
  run: async (input) => {
    const { ctx, args } = input;
    const wishes = await parseWishes(args);
    const all = await listToolchains(ctx.home);
    const chosen = all.filter((toolchain) =>
      wishes.some(
        ({ runtime, request }) =>
          runtime.id === toolchain.tool &&
          (request.version.kind === 'latest' ||
            runtime.scheme.matches(request.version, { version: toolchain.version })),
      ),
    );
    if (chosen.length === 0)
      throw new PolyenvError('not-installed', `${args.join(', ')}: nothing like that is installed`, {
        hint: 'polyenv ls',
      });
    const users = (await listEnvironments(ctx.home)).filter((environment) => existsSync(environment.directory));
    const overlays = await knownOverlays(ctx);
    const served = await servedToolchains(ctx);
    for (const toolchain of chosen) {
      const service = served.find(({ root, running }) => root === toolchain.root && (running || !flag(input, 'force')));
      // guard: uninstall-running
      if (service !== undefined) {
        const { name, project, running } = service;
        const needs = running ? 'runs on' : 'has data of';
        throw new PolyenvError('in-use', `${name} of ${project} ${needs} ${toolchain.tool} ${toolchain.version}`, {
          where: { file: project },
          hint: running
            ? `polyenv -C ${project} stop ${name}`
            : `polyenv uninstall --force ${toolchain.tool}@${toolchain.version}: the data stay, and need it again`,
        });
      }
      const overlay = overlays.find((one) => one.toolchain === toolchain.root);
      if (overlay !== undefined && !flag(input, 'force')) {
        throw new PolyenvError('in-use', `${toolchain.tool} ${toolchain.version} is needed by ${overlay.path}`, {
          where: { file: overlay.path },
          hint: `polyenv uninstall --force ${toolchain.tool}@${toolchain.version}`,
        });
      }
      const user = users.find((environment) => environment.toolchains.includes(toolchain.root));
      if (user !== undefined && !flag(input, 'force')) {
        const who = user.of === 'defaults' ? 'is your default' : `is pinned by ${user.directory}`;
        throw new PolyenvError('in-use', `${toolchain.tool} ${toolchain.version} ${who}`, {
          where: { file: user.of === 'defaults' ? settingsFile(ctx.host) : user.directory },
          hint: `polyenv uninstall --force ${toolchain.tool}@${toolchain.version}`,
        });
      }
    }
    if (flag(input, 'dry-run'))
      return {
        data: { dryRun: true, toolchains: chosen.map((one) => one.key) },
        text: chosen.map((one) => `would uninstall ${one.tool} ${one.version}`).join('\n'),
      };
    for (const { key } of chosen) {
      await withLock(
        {
          home: ctx.home,
          host: ctx.host,
          name: key,
          purpose: `removing ${key}`,
          timeout: ctx.settings.lockTimeout,
          emit: ctx.emit,
        },
        () => removeToolchain(ctx.home, key),
      );
    }
    await refreshShims(ctx);
    return {
      data: { uninstalled: chosen.map((one) => one.key) },
      text: chosen
        .map((one) => `uninstalled ${one.tool} ${one.version}${one.linked === undefined ? '' : ' (link only)'}`)
        .join('\n'),
    };
  },
};
