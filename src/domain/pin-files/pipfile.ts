import type { PinFile } from '../runtime';
import { tableAt, textAt } from './fields';

/** `[requires]` of a `Pipfile`: https://pipenv.pypa.io/en/latest/pipfile.html. The full version before the short one. */
export const pipfile: PinFile = {
  file: 'Pipfile',
  read: (document) => {
    const top = document.toml();
    tableAt(document, top, ['requires']);
    for (const key of ['python_full_version', 'python_version']) {
      const request = textAt(document, top, ['requires', key]);
      if (request === undefined) continue;
      return { pins: [{ strength: 'pin', requests: [request], line: document.lineOf('requires', key) }] };
    }
    return { pins: [] };
  },
};
