import { prepareHome } from '../../adapters/home/home';
import { ensureLauncher } from '../../adapters/home/launcher';
import { prepareShells, renderActivation } from '../../adapters/routes/activation';
import { shellNamed } from '../../adapters/routes/startup-file';
import { loadRuntimes } from '../../app/base/registry';
import { refreshShims } from '../../app/routes/compile';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'activate',
  summary: 'a script for your shell, so that its variables follow the folder that it is in',
  describe:
    'Optional beside the shims. At every prompt the shell sees by itself whether anything changed, and starts polyenv only where what was compiled for a folder no longer holds. Leaving a project restores every variable. In such a shell `polyenv off`, `polyenv on` and `polyenv deactivate` act on it alone.',
  arguments: [{ name: 'shell', describe: 'bash, zsh or fish (default: the shell in SHELL)' }],
  options: [{ name: 'no-hook', describe: 'do nothing until `polyenv on`' }],
  examples: [
    { run: 'eval "$(polyenv activate bash)"', describe: 'in ~/.bashrc; for zsh likewise' },
    { run: 'polyenv activate fish | source', describe: 'in config.fish' },
    { run: 'polyenv setup --activate', describe: 'have polyenv write that line' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const shell = shellNamed(args[0] ?? (ctx.host.env.SHELL || ctx.host.loginShell()));
    await prepareHome(ctx.home);
    await ensureLauncher(ctx.home, ctx.host);
    await refreshShims(ctx);
    await prepareShells(ctx.home);
    const text = renderActivation({
      shell,
      home: ctx.home,
      personHome: ctx.host.personHome,
      runtimes: await loadRuntimes(),
      asleep: flag(input, 'no-hook') === true,
    });
    return { data: { shell, text }, text, verbatim: true };
  },
};
