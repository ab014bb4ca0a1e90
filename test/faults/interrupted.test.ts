import { deniedRows } from './denied';
import { killedRows } from './killed';
import { testQuickly } from './quick';

testQuickly([...killedRows, ...deniedRows]);
