import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** mise's own program, from the npm registry as npm is configured here; `undefined` where that has none for this machine. */
export function fetchMise(folder: string): string | undefined {
  const into = join(folder, 'mise');
  mkdirSync(into, { recursive: true });
  try {
    const name = `@jdxcode/mise-${process.platform}-${process.arch}`;
    const options: ExecFileSyncOptionsWithStringEncoding = {
      cwd: into,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    const archive = execFileSync('npm', ['pack', name, '--silent'], options).trim();
    execFileSync('tar', ['-xzf', archive, '-C', into], options);
    return join(into, 'package/bin/mise');
  } catch {
    return undefined;
  }
}

/** A person who has only mise, with all that it keeps below `folder`, and Node's site at `url`. */
export function miseEnvironment(folder: string, url: string): Record<string, string> {
  return {
    HOME: folder,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    MISE_DATA_DIR: join(folder, 'data'),
    MISE_CACHE_DIR: join(folder, 'cache'),
    MISE_CONFIG_DIR: join(folder, 'config'),
    MISE_STATE_DIR: join(folder, 'state'),
    MISE_NODE_MIRROR_URL: url,
    MISE_USE_VERSIONS_HOST: '0',
    MISE_GPG_VERIFY: '0',
    MISE_YES: '1',
  };
}
