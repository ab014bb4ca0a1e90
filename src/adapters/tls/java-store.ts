import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { capture } from '../children/capture';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';
import { findPrograms } from '../system/programs';
import { storedName } from './trust-stores';

/** Where the copy for Java is kept. */
export const javaStoreFile = (home: Home): string => join(home.gateway, 'cacerts');

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
  const aside = await mkdtemp(join(host.temporary, 'polyenv-java-'));
  try {
    const copy = join(aside, 'cacerts');
    // Its bytes and not the file: a JDK of the store may be read only, and keytool writes into the copy.
    await writeFile(copy, await listOf(dirname(dirname(found))));
    await importInto(copy, { keytool: found, alias: storedName(root), rootFile });
    await writeAtomic(javaStoreFile(home), await readFile(copy));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return javaStoreFile(home);
}

/** The JDK's own list: Java 8 keeps it with its JRE. */
async function listOf(jdk: string): Promise<Uint8Array> {
  for (const folder of ['lib', join('jre', 'lib')]) {
    try {
      return await readFile(join(jdk, folder, 'security', 'cacerts'));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  throw new PolyenvError('command-not-found', `the JDK in ${jdk} has no list of authorities, lib/security/cacerts`, {
    hint: 'in a project with Java: polyenv exec -- polyenv tls ca --java',
  });
}

async function importInto(
  file: string,
  of: { readonly keytool: string; readonly alias: string; readonly rootFile: string },
): Promise<void> {
  const args = ['-importcert', '-noprompt', '-keystore', file, '-storepass', 'changeit'];
  const { exit, stdout, stderr } = await capture(
    {
      file: of.keytool,
      args: [...args, '-alias', of.alias, '-file', of.rootFile],
      env: { PATH: '/usr/bin:/bin', LANG: 'C' },
      cwd: '/',
    },
    60_000,
  );
  if (exit !== 0) throw new PolyenvError('child-failed', `keytool failed: ${(stdout + stderr).trim().split('\n')[0]}`);
}
