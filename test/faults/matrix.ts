import { concurrentRows } from './concurrent';
import { deniedRows } from './denied';
import { diskRows } from './disk';
import { foldingRows } from './folding';
import { hostileRows } from './hostile';
import { killedRows } from './killed';
import { placeRows } from './place';
import type { Row } from './row';
import { surroundingRows } from './surroundings';

/** Everything that is tried against the built command line, in the order in which it is told. */
export const MATRIX: readonly Row[] = [
  ...killedRows,
  ...diskRows,
  ...deniedRows,
  ...placeRows,
  ...foldingRows,
  ...surroundingRows,
  ...concurrentRows,
  ...hostileRows,
];
