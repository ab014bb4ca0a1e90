import type { PinFile } from '../../runtime/runtime';
import { invalidPin, sayingLines } from './pin-text';
import { wordWriter } from './pin-writer';

/**
 * `.tool-versions` (https://asdf-vm.com/manage/configuration.html#tool-versions) for the tool of these names: a name and
 * its versions apart by blanks, the first version being the default. The first line of the tool holds. A colon behind
 * the name is tolerated, as in mise.
 */
export function toolVersions(names: readonly string[]): PinFile {
  return {
    file: '.tool-versions',
    write: wordWriter({}),
    read: (document) => {
      for (const { text, line } of sayingLines(document)) {
        const [name = '', ...requests] = text.split(/\s+/);
        if (!names.includes(name.replace(/:$/, ''))) continue;
        if (requests.length === 0) throw invalidPin(document, line, `${name} is named without a version`);
        return { pins: [{ strength: 'pin', requests, line }] };
      }
      return { pins: [] };
    },
  };
}
