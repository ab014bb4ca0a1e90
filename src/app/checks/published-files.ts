import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedFile, Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import type { Finding } from './finding';

/** Bytes. No program that a project keeps of a tool is larger. */
const LARGEST = 16 * 1024 * 1024;

/** Programs of a tool that the project's repository holds, against the digests of all that the tool's publisher has released. */
export async function publishedFileFindings(
  ctx: Context,
  folder: string,
  runtimes: readonly Runtime[],
): Promise<readonly Finding[]> {
  const found = runtimes.flatMap(({ title, published: all = [] }) =>
    all.flatMap((published) => {
      const path = join(folder, published.file);
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      return size === undefined ? [] : [{ title, published, path, size }];
    }),
  );
  const findings = await Promise.all(found.map((one) => judge(ctx, one)));
  return findings.flat();
}

async function judge(
  ctx: Context,
  at: { readonly title: string; readonly published: PublishedFile; readonly path: string; readonly size: number },
): Promise<readonly Finding[]> {
  const { title, published, path, size } = at;
  const digest = size > LARGEST ? 'too large' : createHash('sha256').update(readFileSync(path)).digest('hex');
  try {
    const { upstream } = await ctx.network();
    const known = await published.sha256(upstream);
    // guard: published-file
    if (!known.includes(digest)) {
      return [
        {
          kind: 'file-unpublished',
          level: 'error',
          message: `${published.file} is none that ${title} has published (sha256 ${digest})`,
          where: path,
          hint: published.remake,
        },
      ];
    }
    return [];
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    const message = `${published.file} was not compared with what ${title} has published: ${error.message}`;
    return [
      { kind: 'file-unchecked', level: 'note', message, where: path, hint: 'polyenv doctor, with the network there' },
    ];
  }
}
