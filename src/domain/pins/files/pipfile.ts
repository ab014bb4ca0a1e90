import type { PinFile } from '../../runtime/runtime';
import { at, tableAt, textAt } from './fields';
import { valueWriter } from './pin-writer';

/** `[requires]` of a `Pipfile`: https://pipenv.pypa.io/en/latest/pipfile.html. The full version before the short one. */
export const pipfile: PinFile = {
  file: 'Pipfile',
  write: (document, pin, wanted) => {
    const full = at(document.toml(), ['requires', 'python_full_version']) !== undefined;
    return valueWriter(full ? {} : { numbers: 2 })(document, pin, wanted);
  },
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
