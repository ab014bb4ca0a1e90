import { completionScript } from '../../adapters/routes/completion-script';
import { SHELLS, shellNamed } from '../../adapters/routes/startup-file';
import type { Command } from '../command';

export const command: Command = {
  name: 'completions',
  summary: 'a script that lets your shell complete commands, options, versions and tasks',
  describe: 'Versions are those that are installed, and those that were listed before: a key never uses the network.',
  arguments: [{ name: 'shell', describe: 'the shell (default: the one in SHELL)', choices: SHELLS }],
  examples: [
    { run: 'eval "$(polyenv completions bash)"', describe: 'in ~/.bashrc' },
    { run: 'eval "$(polyenv completions zsh)"', describe: 'in ~/.zshrc, after compinit' },
    { run: 'polyenv completions fish > ~/.config/fish/completions/polyenv.fish', describe: 'for fish' },
  ],
  run: async ({ ctx, args }) => {
    const shell = shellNamed(args[0] ?? (ctx.host.env.SHELL || ctx.host.loginShell()));
    const text = completionScript(shell);
    return { data: { shell, text }, text, verbatim: true };
  },
};
