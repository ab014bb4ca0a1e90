import { PolyenvError } from '../../domain/words/errors';
import type { Command } from '../command';

export const command: Command = {
  name: 'deactivate',
  summary: 'take the prompt hook out of this shell',
  describe: 'An activated shell does it by itself; no program can change the shell that started it.',
  examples: [{ run: 'polyenv deactivate', describe: 'in an activated shell' }],
  run: async () => {
    throw new PolyenvError('usage', 'this shell is not activated, so there is nothing to take out', {
      hint: 'eval "$(polyenv off)" makes the shims of this shell pass everything through',
    });
  },
};
