import { deniedRows } from './denied';
import { killedRows } from './killed';
import { MATRIX } from './matrix';
import { testQuickly } from './quick';

/** Without those that interrupt, which have a file of their own, so that two run at once. */
testQuickly(MATRIX.filter((row) => !killedRows.includes(row) && !deniedRows.includes(row)));
