import { createHash } from 'node:crypto';
import type { EnvOp } from '../../domain/words/env-op';
import { readDocumentText } from './documents';

export interface EnvFile {
  /** sha256 in hex of the file's text. */
  readonly digest: string;
  readonly variables: readonly (EnvOp & { readonly op: 'set' })[];
}

/** A file of variables by dotenv's rules (https://www.npmjs.com/package/dotenv#rules), or `undefined` where there is none. */
export async function readEnvFile(path: string): Promise<EnvFile | undefined> {
  const text = readDocumentText(path);
  if (text === undefined) return undefined;
  const { parse } = await import('dotenv');
  return {
    digest: createHash('sha256').update(text).digest('hex'),
    variables: Object.entries(parse(text)).map(([name, value]) => ({ op: 'set', name, value })),
  };
}
