import type { PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin, sayingLines } from './pin-text';
import { wordWriter } from './pin-writer';

/** `.sdkmanrc`: https://sdkman.io/usage/#env-command. Of several `java=` lines the first one holds. */
export const sdkmanrc = sdkmanCandidate('java');

/** `.sdkmanrc` for the candidate of that name; `read` makes a request of what stands there. */
export function sdkmanCandidate(candidate: string, read: (text: string) => string = (text) => text): PinFile {
  return {
    file: '.sdkmanrc',
    write: wordWriter({ suffix: (vendor) => (SUFFIXES[vendor] === undefined ? undefined : `-${SUFFIXES[vendor]}`) }),
    read: (document) => {
      const lines = sayingLines(document);
      const warnings = lines
        .filter(({ text }) => !text.includes('='))
        .map(({ text, line }) => ({ line, text: `${quoted(text)} is no CANDIDATE=VERSION, and is not read` }));
      for (const { text, line } of lines) {
        const [, key, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(text) ?? [];
        if (key !== candidate) continue;
        if (value === '') throw invalidPin(document, line, `${candidate}= names no version`);
        return { pins: [{ strength: 'pin', requests: [read(value)], line }], warnings };
      }
      return { pins: [], warnings };
    },
  };
}

/** SDKMAN's names of vendors: https://sdkman.io/jdks */
const SUFFIXES: Readonly<Record<string, string>> = {
  temurin: 'tem',
  corretto: 'amzn',
  zulu: 'zulu',
  liberica: 'librca',
  'liberica-nik': 'nik',
  microsoft: 'ms',
  sapmachine: 'sapmchn',
  semeru: 'sem',
  'graalvm-community': 'graalce',
  graalvm: 'graal',
  oracle: 'oracle',
  jetbrains: 'jbr',
  dragonwell: 'albba',
  kona: 'kona',
};
