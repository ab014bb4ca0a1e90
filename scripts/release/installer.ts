import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKey } from 'openpgp';
import { RELEASE_KEYS, type ReleaseKey, TEST_KEY } from '../../src/domain/toolchain/release-keys';

/** `install.sh` for releases that are at `base`, with the keys that may have signed them as gpgv reads them. */
export async function installScript(root: string, base: string): Promise<string> {
  const script = readFileSync(join(root, 'scripts/release/install.sh'), 'utf8');
  const keys = await Promise.all(RELEASE_KEYS.map(encoded));
  return script
    .replace('@BASE@', base)
    .replace('@KEYS@', keys.join(' '))
    .replace('@TEST_KEY@', await encoded(TEST_KEY));
}

async function encoded({ material }: ReleaseKey): Promise<string> {
  return Buffer.from((await readKey({ armoredKey: material })).write()).toString('base64');
}
