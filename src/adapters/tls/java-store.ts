import { copyFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { capture } from '../children/capture';
import type { Home } from '../home/paths';
import { findPrograms } from '../system/programs';
import { storedName } from './trust-stores';

/** Java reads a list of its own: a copy of it with our authority, for who asks for one. The JDK's own list stays as it is. */
export async function writeJavaStore(of: {
  readonly host: Host;
  readonly home: Home;
  readonly root: string;
  readonly rootFile: string;
}): Promise<string> {
  const { host, home, root, rootFile } = of;
  const [keytool] = findPrograms(host, home, 'keytool');
  const found = keytool === undefined ? undefined : await realpath(keytool);
  if (found === undefined) {
    throw new PolyenvError('command-not-found', 'there is no keytool on your PATH: it comes with a JDK', {
      hint: 'in a project with Java: polyenv exec -- polyenv tls ca --java',
    });
  }
  const file = join(home.gateway, 'cacerts');
  await copyFile(join(dirname(found), '..', 'lib', 'security', 'cacerts'), file);
  const args = [
    '-importcert',
    '-noprompt',
    '-keystore',
    file,
    '-storepass',
    'changeit',
    '-alias',
    storedName(root),
    '-file',
    rootFile,
  ];
  const { exit, stdout, stderr } = await capture(
    { file: found, args, env: { PATH: '/usr/bin:/bin', LANG: 'C' }, cwd: '/' },
    60_000,
  );
  if (exit === 0) return file;
  throw new PolyenvError('child-failed', `keytool failed: ${(stdout + stderr).trim().split('\n')[0]}`);
}
