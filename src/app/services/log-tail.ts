import type { Home } from '../../adapters/home/paths';
import { readState, serviceFolder } from '../../adapters/services/folders';
import { type LogTail, openLogTail } from '../../adapters/services/log-tail';
import { withoutSecrets } from '../../domain/words/without-secrets';

export interface TailWish {
  readonly home: Home;
  /** The real path of the folder whose manifest names the service. */
  readonly project: string;
  readonly name: string;
}

/** The last lines that a service printed and those that it prints, its password taken out, until the tail is closed. */
export function tailServiceLog({ home, project, name }: TailWish, hear: (lines: readonly string[]) => void): LogTail {
  const folder = serviceFolder(home, project, name);
  let turn = Promise.resolve();
  return openLogTail(folder, (lines) => {
    turn = turn.then(async () => {
      // A service that is started for the first time gets its password while somebody looks.
      const password = (await readState(folder).catch(() => undefined))?.password ?? '';
      hear(lines.map((line) => withoutSecrets(line, [password])));
    });
  });
}
