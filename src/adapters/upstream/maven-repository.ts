import { asMatching, malformed } from '../../domain/formats/decoders';
import { type Digest, hexDigest } from '../../domain/runtime/digest';
import { isMavenWord } from '../../domain/runtime/locator';
import type { MavenRepository } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import type { Mirrors, Target } from '../net/mirrors';
import { decodeText, type Indexes } from './indexes';
import type { MavenConfig } from './maven-config';
import { sendTo } from './npm-registry';

export interface MavenClient extends MavenRepository {
  locate(at: {
    readonly group: string;
    readonly artifact: string;
    readonly version: string;
    readonly file: string;
  }): Promise<Target>;
}

export interface MavenOptions {
  readonly indexes: Indexes;
  readonly mirrors: Mirrors;
  readonly config: () => Promise<MavenConfig>;
}

/** https://maven.apache.org/repositories/layout.html */
export function openMavenRepository({ indexes, mirrors, config }: MavenOptions): MavenClient {
  const open = async () => {
    const { repository, headers, missing } = await config();
    if (repository === undefined) throw missing;
    mirrors.concealment.hideBase(repository);
    return { repository, headers };
  };
  const read = async <T>(path: string, decode: (text: string) => T): Promise<T | undefined> => {
    const { repository, headers } = await open();
    const url = new URL(path, repository).href;
    return indexes.read({ name: `maven:${path}`, url, headers, decode: (bytes) => decode(decodeText(bytes)) });
  };
  return {
    versions: async (group, artifact) =>
      (await read(`${folder(group, artifact)}/maven-metadata.xml`, versionsOf)) ?? [],
    digest: async (group, artifact, version, file) => {
      for (const kind of ['sha512', 'sha256'] as const) {
        const path = `${folder(group, artifact, version)}/${fileName(file)}.${kind}`;
        const found = await read(path, (text): Digest => digestOf(kind, text));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    locate: async ({ group, artifact, version, file }) => {
      const { repository, headers } = await open();
      return sendTo(mirrors, new URL(`${folder(group, artifact, version)}/${fileName(file)}`, repository), headers);
    },
  };
}

function folder(group: string, ...rest: readonly string[]): string {
  const words = [group, ...rest];
  const bad = words.find((word) => !isMavenWord(word));
  if (bad !== undefined) throw new PolyenvError('path-refused', `${JSON.stringify(bad)} is no Maven coordinate`);
  return [group.replaceAll('.', '/'), ...rest].join('/');
}

const fileName = asMatching(/^[A-Za-z0-9_][A-Za-z0-9._+-]*$/, 'the name of a file');

function versionsOf(text: string): readonly string[] {
  const list = /<versions>([\s\S]*?)<\/versions>/.exec(text)?.[1];
  if (list === undefined && !text.includes('<metadata')) throw malformed('it is no Maven metadata');
  return [...(list ?? '').matchAll(/<version>\s*([^<\s]+)\s*<\/version>/g)]
    .map(([, version]) => version ?? '')
    .filter(isMavenWord);
}

/** The hash alone, or as `sha512sum` writes it, with the file's name behind. */
function digestOf(kind: 'sha256' | 'sha512', text: string): Digest {
  const found = hexDigest(kind, text.trim().split(/\s+/)[0] ?? '');
  if (found === undefined) throw malformed(`it is no ${kind} in hex`);
  return found;
}
