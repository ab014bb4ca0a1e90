import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from '../../domain/runtime/runtime';
import { quoteFish, quoteSh } from '../../domain/words/shell-quote';
import bash from '../../shim/activate.bash?raw';
import fish from '../../shim/activate.fish?raw';
import shared from '../../shim/activate.sh?raw';
import zsh from '../../shim/activate.zsh?raw';
import { ensureFolder, removeTree } from '../files/fs';
import { startOfProcess } from '../home/lock';
import { type Home, joinInside } from '../home/paths';
import { fillTemplate, pinNames, pinTests } from './shell-template';
import type { Shell } from './startup-file';

export interface Activation {
  readonly shell: Shell;
  readonly home: Home;
  readonly personHome: string;
  readonly runtimes: readonly Runtime[];
  /** Whether the shell waits for `polyenv on`. */
  readonly asleep: boolean;
}

/** What a shell evaluates, once or again, to have its variables follow the folder that it is in. */
export function renderActivation({ shell, home, personHome, runtimes, asleep }: Activation): string {
  const names = pinNames(runtimes);
  const quote = shell === 'fish' ? quoteFish : quoteSh;
  const tests =
    shell === 'fish'
      ? `test ${pinTests(runtimes, {
          one: (path) => `-e "$folder"/${quoteFish(path)}`,
          away: `"$folder" != ${quoteFish(personHome)}`,
          words: { and: '-a', or: '-o', open: '\\( ', close: ' \\)' },
        })}`
      : pinTests(runtimes, {
          one: (path) => `-e $__polyenv_d/${quoteSh(path)}`,
          away: `$__polyenv_d != ${quoteSh(personHome)}`,
          words: { and: '&&', or: '||', open: '( ', close: ' )' },
        });
  const values = {
    NAMES: names.map(quote).join(' '),
    TESTS: tests,
    OFF: quote(asleep ? '1' : ''),
  };
  const template = { bash: `${shared}${bash}`, zsh: `${shared}${zsh}`, fish }[shell];
  const text = fillTemplate(template, { home, personHome, quote, values });
  // Functions of zsh keep the options under which they were made, whatever the person sets; aliases are no part of them.
  return shell === 'zsh' ? `emulate zsh -o no_aliases -c ${quoteSh(text)}\n` : text;
}

/** A folder for the marks of activated shells, without those of shells that ended. */
export async function prepareShells(home: Home): Promise<void> {
  const folder = join(home.state, 'shells');
  await ensureFolder(folder);
  for (const name of await readdir(folder)) {
    const pid = Number.parseInt(name, 10);
    if (!(pid > 0) || (await startOfProcess(pid)) === undefined) await removeTree(joinInside(folder, name));
  }
}
