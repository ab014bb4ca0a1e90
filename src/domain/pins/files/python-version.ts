import type { Document, PinFile, PinReading } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin, SAYS_NOTHING, sayingLines } from './pin-text';
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
  const requests = lines.map(({ text, line }) => {
    const [word = text, ...others] = text.split(/\s+/);
    if (/^c?python$/i.test(word) && others.length > 0) {
      throw invalidPin(
        document,
        line,
        `${quoted(text)} has no version as its first word: write ${others.join(' ')} alone`,
      );
    }
    return withoutEnvironment(word);
  });
  return { pins: [{ strength: 'pin', requests, line: first.line }] };
}

/** `3.13/envs/NAME` is how pyenv names a virtual environment of 3.13. */
function withoutEnvironment(word: string): string {
  return word.replace(/^([^/]+)\/envs\/[^/]+$/, '$1');
}
