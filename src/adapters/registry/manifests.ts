import { setTimeout as sleep } from 'node:timers/promises';
import type { Blob } from '../../domain/team/carried';
import { blobOf, type Document } from '../../domain/team/manifest';
import { DOCUMENT_LIMITS, isBlobDigest } from '../../domain/team/manifest-reading';
import { INDEX, MANIFEST } from '../../domain/team/media-types';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import type { SentAnswer } from '../net/http';
import { problem, type Registry, refusalOf } from './registry';
import type { Access } from './sign-in';

const ACCEPT = { accept: `${MANIFEST}, ${INDEX}` };

/** What stands under a tag or digest; `undefined` if nothing does. A registry without HEAD is asked for the whole. */
export async function findManifest(registry: Registry, name: string, access: Access): Promise<Blob | undefined> {
  const answer = await askManifest(registry, { name, access, method: 'HEAD' });
  const size = Number(answer.headers['content-length']);
  const digest = answer.headers['docker-content-digest'];
  answer.drop();
  if (answer.status === 404) return undefined;
  if (answer.status === 200 && isBlobDigest(digest) && Number.isSafeInteger(size) && size > 0) return { digest, size };
  const read = await readManifest(registry, name, access);
  return read === undefined ? undefined : blobOf(read);
}

/** The text under a tag or digest. Throws `digest-mismatch` where a digest was asked for and other bytes came. */
export async function readManifest(registry: Registry, name: string, access: Access): Promise<string | undefined> {
  const answer = await askManifest(registry, { name, access, method: 'GET' });
  if (answer.status === 404) {
    answer.drop();
    return undefined;
  }
  if (answer.status !== 200) throw await refusalOf(answer, `give ${name}`);
  const text = await textOf(answer);
  // guard: manifest-digest
  if (isBlobDigest(name) && blobOf(text).digest !== name)
    throw new PolyenvError('digest-mismatch', `${registry.name} gave another manifest than ${name}`, {
      hint: 'ask whoever runs the registry',
    });
  return text;
}

/**
 * Stores a document under a tag, or by its digest. That the very same stands there already, whoever put it, is success. Throws
 * `http-status` with the registry's own words.
 */
export async function putManifest(registry: Registry, document: Document, tag?: string): Promise<void> {
  const url = await registry.url(`manifests/${tag ?? document.digest}`);
  const headers = { 'content-type': document.mediaType, 'content-length': String(document.size) };
  const body = (): Uint8Array => Buffer.from(document.text);
  for (let attempt = 0; ; attempt += 1) {
    const answer = await registry.ask('push', { method: 'PUT', url, headers, body });
    if (answer.status >= 200 && answer.status < 300) {
      answer.drop();
      const said = answer.headers['docker-content-digest'];
      if (said === undefined || said === document.digest) return;
      throw problem(`${registry.name} stored ${tag ?? 'a manifest'} as ${said}, and it is ${document.digest}`);
    }
    const refusal = await refusalOf(answer, `take ${tag ?? 'the manifest'}`);
    if (tag === undefined) throw refusal;
    // Tags that never move: somebody else may have been first with the same bytes.
    if ((await findManifest(registry, tag, 'push'))?.digest === document.digest) return;
    // Distribution reads a file that another push of the same bytes is just writing, and says that they do not fit.
    if (answer.status !== 400 || attempt >= MOST_RACES) throw refusal;
    await sleep(100 * 2 ** attempt);
  }
}

const MOST_RACES = 3;

/** Takes a manifest away, and with it every tag of it. */
export async function deleteManifest(registry: Registry, digest: string): Promise<void> {
  const answer = await registry.ask('delete', { method: 'DELETE', url: await registry.url(`manifests/${digest}`) });
  if (answer.status === 404 || (answer.status >= 200 && answer.status < 300)) return answer.drop();
  if (answer.status !== 405) throw await refusalOf(answer, `take ${digest} away`);
  answer.drop();
  throw new PolyenvError('http-status', `${registry.name} allows no deletion (status 405)`, {
    status: 405,
    hint: 'ask whoever runs the registry to allow deletion (distribution: REGISTRY_STORAGE_DELETE_ENABLED=true)',
  });
}

/** Every tag of the repository, page by page: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags */
export async function listTags(registry: Registry): Promise<readonly string[]> {
  const tags: string[] = [];
  let next: string | undefined = await registry.url(`tags/list?n=${PAGE}`);
  const seen = new Set<string>();
  while (next !== undefined) {
    if (seen.has(next) || seen.size >= MOST_PAGES) throw problem(`${registry.name} lists its tags without an end`);
    seen.add(next);
    const answer: SentAnswer = await registry.ask('pull', { method: 'GET', url: next });
    if (answer.status === 404) return tags;
    if (answer.status !== 200) throw await refusalOf(answer, 'list its tags');
    tags.push(...tagsIn(await textOf(answer), registry));
    next = nextPage(answer, registry);
  }
  return tags;
}

const PAGE = 1000;
const MOST_PAGES = 1000;

async function askManifest(
  registry: Registry,
  asked: { readonly name: string; readonly access: Access; readonly method: 'HEAD' | 'GET' },
): Promise<SentAnswer> {
  const url = await registry.url(`manifests/${asked.name}`);
  return registry.ask(asked.access, { method: asked.method, url, headers: ACCEPT });
}

async function textOf(answer: SentAnswer): Promise<string> {
  try {
    return await answer.text(DOCUMENT_LIMITS.bytes);
  } catch (error) {
    if (error instanceof PolyenvError && error.code === 'upstream-malformed') throw problem(error.message);
    throw error;
  }
}

function tagsIn(text: string, registry: Registry): readonly string[] {
  let tags: unknown;
  try {
    tags = (JSON.parse(text) as { readonly tags?: unknown }).tags ?? [];
  } catch {
    throw problem(`${registry.name} answered with no list of tags`);
  }
  if (!Array.isArray(tags)) throw problem(`${registry.name} answered with no list of tags`);
  return tags.filter(
    (tag): tag is string => typeof tag === 'string' && /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag),
  );
}

/** `Link: </v2/NAME/tags/list?n=1000&last=x>; rel="next"`: of the same registry only. */
function nextPage(answer: SentAnswer, registry: Registry): string | undefined {
  const found = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.link ?? '')?.[1];
  if (found === undefined) return undefined;
  const here = new URL(answer.url);
  const next = URL.canParse(found, here.href) ? new URL(found, here.href) : undefined;
  // guard: page-origin
  if (next?.origin !== here.origin)
    throw problem(printable(`${registry.name} goes on with its tags elsewhere: ${found}`));
  return next.href;
}
