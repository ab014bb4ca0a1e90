import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMessage, type PrivateKey, readPrivateKey, sign } from 'openpgp';

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

export function writeSums(folder: string): void {
  const names = readdirSync(folder)
    .filter((name) => !name.startsWith('SHA256SUMS'))
    .sort();
  writeFileSync(join(folder, 'SHA256SUMS'), names.map((name) => `${sha256(join(folder, name))}  ${name}\n`).join(''));
}

/** A detached signature whose bytes are the same for the same list, key and time. */
export async function signSums({
  folder,
  key: file,
  time,
}: {
  readonly folder: string;
  readonly key: string;
  readonly time: Date;
}): Promise<void> {
  const key: PrivateKey = await readPrivateKey({ armoredKey: readFileSync(file, 'utf8') });
  const message = await createMessage({ binary: readFileSync(join(folder, 'SHA256SUMS')) });
  const signature = await sign({
    message,
    signingKeys: key,
    detached: true,
    date: time,
    config: { nonDeterministicSignaturesViaNotation: false },
  });
  writeFileSync(join(folder, 'SHA256SUMS.asc'), signature);
}
