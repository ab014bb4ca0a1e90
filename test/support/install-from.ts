import { mkdirSync } from 'node:fs';
import { closeTree } from '../../src/adapters/store/disk-use';
import { readTree } from '../../src/adapters/store/store';
import { fetchPart } from '../../src/adapters/upstream/download';
import type { OpenUpstream } from '../../src/adapters/upstream/upstream';
import type { Layout } from '../../src/domain/runtime/layout';
import type { Runtime, Source } from '../../src/domain/runtime/runtime';
import type { Release } from '../../src/domain/versions/release';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import { present } from '../../src/domain/words/present';
import type { Ask } from './published';

export interface Installing {
  readonly runtime: Runtime;
  readonly ask: Pick<Ask, 'request' | 'source' | 'options'>;
}

export interface Found {
  readonly source: Source;
  readonly release: Release;
  readonly artifacts: Awaited<ReturnType<Source['artifacts']>>;
}

/** What a request comes to at its source. */
export async function findRelease(upstream: OpenUpstream, { runtime, ask }: Installing): Promise<Found> {
  const source = runtime.sources.find(({ id }) => id === ask.source);
  if (source === undefined) throw new Error(`${runtime.id} has no source ${ask.source}`);
  const parsed = parseToolRequest(`${runtime.id}@${ask.request}`, () => runtime);
  const request = { ...parsed, options: ask.options ?? {} };
  const release = selectRelease(runtime, request, await source.releases(upstream, request));
  if (release === undefined) throw new Error(`nothing answers ${ask.request}`);
  return { source, release, artifacts: await source.artifacts(upstream, release, request) };
}

/** The toolchain of linux-x64 in a folder that is made, as it would stand in the store, and its layout. */
export async function installFrom(
  upstream: OpenUpstream,
  installing: Installing,
  at: { readonly into: string; readonly downloads: string },
): Promise<{ readonly release: Release; readonly layout: Layout }> {
  const { source, release, artifacts } = await findRelease(upstream, installing);
  const { version, vendor, variant } = release;
  const { into, downloads } = at;
  mkdirSync(into);
  for (const part of artifacts.find(({ platform }) => platform === 'linux-x64')?.parts ?? []) {
    const claim = { version, platform: 'linux-x64' as const, at: part.at, ...present({ vendor, variant }) };
    const recipe = source.owns(claim);
    if (recipe === undefined) throw new Error(`${part.at} is not owned`);
    const { url, headers } = await upstream.locate(part.at);
    const onBytes = (): void => undefined;
    await fetchPart({ http: upstream.http, url, headers, part, recipe, into, downloads, offline: false, onBytes });
  }
  await closeTree(into);
  const layout = installing.runtime.layout(readTree(into, version, 'linux-x64'), {
    toolchain: into,
    home: '/polyenv/home',
    project: '/project',
    personHome: '/home/person',
    isolation: 'default',
    env: {},
  });
  return { release, layout };
}
