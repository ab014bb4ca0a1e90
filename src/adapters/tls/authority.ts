import { X509Certificate } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { ensureFolder, removeTree } from '../files/fs';
import { errorCode, isMissing } from '../files/fs-errors';
import type { Home } from '../home/paths';
import { makeAuthority, type Signer } from './certificates';
import { authorityFolder, rootFileOf } from './trust-files';

export interface Authority {
  /** The file that programs are pointed to. */
  readonly rootFile: string;
  readonly root: string;
  readonly issuer: Signer;
}

interface Place {
  readonly home: Home;
  readonly host: Host;
}

/** The one of this home, made if there is none or if it has run out. Processes that make it at once all end with the same one. */
export async function openAuthority({ home, host }: Place): Promise<Authority> {
  const found = await readAuthority(home);
  if (found !== undefined && isCurrent(found, host.now())) return found;
  const folder = authorityFolder(home);
  const old = `${folder}.old-${host.pid}-${Date.now()}`;
  if (found !== undefined) await rename(folder, old).catch(() => undefined);
  await makeIn(folder, host);
  await removeTree(old);
  const made = await readAuthority(home);
  if (made === undefined)
    throw new PolyenvError('home-unwritable', `no certificate authority can be kept in ${folder}`);
  return made;
}

/** `undefined` if there is none. Throws `state-invalid` for one that is damaged. */
export async function readAuthority(home: Home): Promise<Authority | undefined> {
  const folder = authorityFolder(home);
  try {
    const [root, chain, key] = await Promise.all(
      ['root.pem', 'issuer.pem', 'issuer.key'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    new X509Certificate(root ?? '');
    new X509Certificate(chain ?? '');
    return { rootFile: rootFileOf(home), root: root ?? '', issuer: { chain: chain ?? '', key: key ?? '' } };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new PolyenvError('state-invalid', `the certificate authority in ${folder} cannot be read`, {
      hint: `take it away, and trust the new one: rm -r ${JSON.stringify(folder)}, then polyenv tls trust`,
      cause: error,
    });
  }
}

function isCurrent({ root }: Authority, now: Date): boolean {
  const { validFrom, validTo } = new X509Certificate(root);
  return now >= new Date(validFrom) && now < new Date(validTo);
}

/** Whole in a folder of its own, then renamed: who comes second finds the first one's. */
async function makeIn(folder: string, host: Host): Promise<void> {
  const made = await makeAuthority({ now: host.now(), owner: host.hostname });
  const attempt = `${folder}.new-${host.pid}-${Math.random().toString(36).slice(2)}`;
  await ensureFolder(join(folder, '..'));
  try {
    await mkdir(attempt, { mode: 0o700 });
    chmodSync(attempt, 0o700);
    const files = { 'root.pem': made.root, 'issuer.pem': made.issuer.chain, 'issuer.key': made.issuer.key };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(attempt, name), `${text.trim()}\n`, { mode: 0o600, flag: 'wx' });
    }
    await rename(attempt, folder);
  } catch (error) {
    await removeTree(attempt);
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
  }
}
