import { killAt } from '../support/kill-steps';
import { INTERRUPTED, interruptEach } from './interrupted';
import type { Row } from './row';

/** SIGKILL as each system call that changes the disk begins; then the old or the new state holds, and the next command works. */
export const killedRows: readonly Row[] = INTERRUPTED.map((interrupted) => ({
  id: interrupted.id,
  what: `SIGKILL at every rename, create and unlink of ${interrupted.verb}`,
  run: (scope) =>
    interruptEach(scope, {
      interrupted,
      word: 'killed',
      interrupt: async (...round) => (await killAt(...round)) !== 0,
    }),
}));
