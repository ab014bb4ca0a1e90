import type { PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin, SAYS_NOTHING, sayingLines } from './pin-text';
import { wordWriter } from './pin-writer';

/** `runtime.txt`: `python-3.12.4` as Heroku reads it, or the version alone as Netlify does. */
export const runtimeTxt: PinFile = {
  file: 'runtime.txt',
  write: wordWriter({}),
  read: (document) => {
    const [first, second] = sayingLines(document);
    if (first === undefined) return { pins: [], warnings: [SAYS_NOTHING] };
    if (second !== undefined) {
      throw invalidPin(document, second.line, `runtime.txt holds one line, and ${quoted(second.text)} is a second one`);
    }
    const request = /^python-(\d.*)$/.exec(first.text)?.[1] ?? first.text;
    return { pins: [{ strength: 'pin', requests: [request], line: first.line }] };
  },
};
