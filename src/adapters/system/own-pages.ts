import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Host } from '../../host';
import { readTextIfAny } from '../files/fs';

export interface Topic {
  readonly name: string;
  readonly title: string;
}

/** The pages of the guide and of the reference that came with this polyenv, by name. */
export async function readTopics(host: Host): Promise<readonly Topic[]> {
  const names = (await readdir(folderOf(host)).catch(() => []))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .filter(isTopic)
    .sort();
  return Promise.all(
    names.map(async (name) => ({ name, title: /^# (.+)$/m.exec((await readTopic(host, name)) ?? '')?.[1] ?? name })),
  );
}

/** The page as it is written; `undefined` where there is none of that name. */
export async function readTopic(host: Host, name: string): Promise<string | undefined> {
  return isTopic(name) ? readTextIfAny(join(folderOf(host), `${name}.md`)) : undefined;
}

function isTopic(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,40}$/.test(name);
}

function folderOf(host: Host): string {
  return join(dirname(host.program), 'pages');
}
