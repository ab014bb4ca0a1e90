import type { PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin, sayingLines } from './pin-text';
import { wordWriter } from './pin-writer';

/**
 * `.nvmrc`: one version, comments, and `key=value` lines that are kept for later use
 * (https://github.com/nvm-sh/nvm#nvmrc). Ranges are npm's, as fnm and setup-node have them; nvm itself refuses those.
 */
export const nvmrc: PinFile = {
  file: '.nvmrc',
  write: wordWriter({
    prefix: true,
    latest: 'node',
    channel: (name) => (name === 'lts' ? 'lts/*' : name.startsWith('lts/') ? name : undefined),
  }),
  read: (document) => {
    const lines = sayingLines(document);
    const versions = lines.filter(({ text }) => !PAIR.test(text));
    const keys = new Set<string>();
    for (const { text, line } of lines) {
      const key = PAIR.exec(text)?.[1];
      if (key === undefined) continue;
      if (key === RESERVED)
        throw invalidPin(document, line, 'the key "node" is reserved in .nvmrc: write the version alone');
      if (keys.has(key)) throw invalidPin(document, line, `the key ${quoted(key)} stands twice`);
      keys.add(key);
    }
    const [first, second] = versions;
    if (first === undefined) throw invalidPin(document, 1, '.nvmrc names no version', 'write one: echo 22 > .nvmrc');
    if (second !== undefined) {
      const message = `.nvmrc names two versions, on line ${first.line} ${quoted(first.text)} and here ${quoted(second.text)}`;
      throw invalidPin(document, second.line, message, 'leave one');
    }
    return { pins: [{ strength: 'pin', requests: [first.text], line: first.line }] };
  },
};

/** nvm keeps this key for itself. */
const RESERVED = 'node';

/** A key in front of `=`, which distinguishes it from `>=20` and `=20`. */
const PAIR = /^([A-Za-z_][\w.-]*)\s*=/;
