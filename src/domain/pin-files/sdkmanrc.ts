import type { PinFile } from '../runtime';
import { invalidPin, sayingLines } from './pin-text';

/** `.sdkmanrc`: https://sdkman.io/usage/#env-command. Of several `java=` lines the first one holds. */
export const sdkmanrc: PinFile = {
  file: '.sdkmanrc',
  read: (document) => {
    for (const { text, line } of sayingLines(document)) {
      const [, key, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(text) ?? [];
      if (key !== 'java') continue;
      if (value === '') throw invalidPin(document, line, 'java= names no version');
      return { pins: [{ strength: 'pin', requests: [value], line }] };
    }
    return { pins: [] };
  },
};
