import type { Document, PinFile, PinReading } from '../../runtime/runtime';
import { SAYS_NOTHING, sayingLines } from './pin-text';
import { wordWriter } from './pin-writer';

/** `.python-version`, as pyenv reads it: the first word of each line; the first is the default. */
export const pythonVersion: PinFile = {
  file: '.python-version',
  read: readVersions,
  write: wordWriter({ prefix: true }),
};

/** `.python-versions`, as uv reads it. */
export const pythonVersions: PinFile = {
  file: '.python-versions',
  read: readVersions,
  write: wordWriter({ prefix: true }),
};

function readVersions(document: Document): PinReading {
  const lines = sayingLines(document);
  const [first] = lines;
  if (first === undefined) return { pins: [], warnings: [SAYS_NOTHING] };
  const requests = lines.map(({ text }) => withoutEnvironment(text.split(/\s+/)[0] ?? text));
  return { pins: [{ strength: 'pin', requests, line: first.line }] };
}

/** `3.13/envs/NAME` is how pyenv names a virtual environment of 3.13. */
function withoutEnvironment(word: string): string {
  return word.replace(/^([^/]+)\/envs\/[^/]+$/, '$1');
}
