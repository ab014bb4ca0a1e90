import type { PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { SAYS_NOTHING, sayingLines } from './pin-text';
import { wordWriter } from './pin-writer';

/** A file of one version: its first line that says something. Further ones are left out, with a warning. */
export function firstLineFile(file: string, read: (text: string) => string = (text) => text): PinFile {
  return {
    file,
    write: wordWriter({ prefix: true }),
    read: (document) => {
      const [first, second] = sayingLines(document);
      if (first === undefined) return { pins: [], warnings: [SAYS_NOTHING] };
      const warnings =
        second === undefined
          ? []
          : [{ line: second.line, text: `${quoted(second.text)} is not read: the first line decides` }];
      return { pins: [{ strength: 'pin', requests: [read(first.text)], line: first.line }], warnings };
    },
  };
}
