import type { Lifecycle } from './advice';
import { endOfLifeOf, leadingNumbers, lifecycleFrom } from './lifecycle';

/** A vendor's ends of support by Java's first number, as `lifecycleFrom` reads them, and the vendor's product at endoflife.date. */
export function jdkLifecycle(rows: string, product: string): Lifecycle {
  return lifecycleFrom((version) => leadingNumbers(version, 1), rows, endOfLifeOf(product));
}
