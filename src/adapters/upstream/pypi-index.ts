import {
  asArraySkipping,
  asNumber,
  asObject,
  asRecordSkipping,
  asString,
  asUnknown,
  optional,
} from '../../domain/formats/decoders';
import { hexDigest } from '../../domain/runtime/digest';
import { isPypiName } from '../../domain/runtime/locator';
import type { PypiIndex, Wheel } from '../../domain/runtime/runtime';
import { readWheelName } from '../../domain/runtime/wheel';
import { PolyenvError } from '../../domain/words/errors';
import type { Mirrors, Target } from '../net/mirrors';
import { userHeaders, withoutUser } from '../net/url';
import { decodeJson, type Indexes } from './indexes';
import { sendTo } from './npm-registry';
import type { PipConfig } from './pip-config';

export interface PypiClient extends PypiIndex {
  /** Where a file of a project is fetched: the index says. */
  locate(name: string, file: string): Promise<Target>;
}

export interface PypiOptions {
  readonly indexes: Indexes;
  readonly mirrors: Mirrors;
  readonly config: () => Promise<PipConfig>;
}

/** https://packaging.python.org/en/latest/specifications/simple-repository-api/#json-based-simple-api-for-python-package-indexes */
export function openPypiIndex({ indexes, mirrors, config }: PypiOptions): PypiClient {
  const read = async (name: string) => {
    if (!isPypiName(name)) throw new PolyenvError('path-refused', `${JSON.stringify(name)} is no Python project`);
    const { index, missing } = await config();
    if (index === undefined) throw missing;
    mirrors.concealment.hideBase(index);
    const url = new URL(`${name}/`, index);
    const headers = { accept: ACCEPT, ...userHeaders(url) };
    const found = await indexes.read({ name: `pypi:${name}`, url: withoutUser(url), headers, decode });
    return { index, url, files: found?.files ?? [] };
  };
  return {
    wheels: async (name) => {
      const { files } = await read(name);
      return files.flatMap((file) => readWheel(file, name));
    },
    locate: async (name, file) => {
      const { index, url, files } = await read(name);
      const found = files.find(({ filename }) => filename === file);
      if (found === undefined || !URL.canParse(found.url, withoutUser(url))) {
        throw new PolyenvError('http-status', `the package index has no ${file} of ${name}`, {
          hint: 'pip config get global.index-url: another index may have it',
          status: 404,
        });
      }
      const at = new URL(found.url, withoutUser(url));
      // The login is the index's, and goes to no other host.
      return sendTo(mirrors, at, at.host === index.host ? userHeaders(index) : {});
    },
  };
}

const ACCEPT = 'application/vnd.pypi.simple.v1+json';

const asFile = asObject({
  filename: asString,
  url: asString,
  hashes: optional(asRecordSkipping(asString)),
  size: optional(asNumber),
  yanked: asUnknown,
});

const asProject = asObject({ files: asArraySkipping(asFile) });

function decode(bytes: Uint8Array): ReturnType<typeof asProject> {
  return asProject(decodeJson(bytes));
}

function readWheel({ filename, hashes, size, yanked }: ReturnType<typeof asFile>, project: string): readonly Wheel[] {
  const named = readWheelName(filename, project);
  const digest = hexDigest('sha256', hashes?.sha256 ?? '');
  const isWithdrawn = yanked !== undefined && yanked !== false;
  if (named === undefined || digest === undefined || isWithdrawn) return [];
  const known = size !== undefined && Number.isSafeInteger(size) && size > 0;
  return [{ file: filename, ...named, digest, ...(known && { size }) }];
}
