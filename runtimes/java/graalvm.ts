import { foojaySource, jdkLifecycle, type Vendor } from '../../src/kit';

/** Oracle GraalVM. As of Oracle's JDK: no list that a program can read, but a digest beside each archive. */
export const vendor: Vendor = {
  id: 'graalvm',
  sources: [
    foojaySource({
      vendor: 'graalvm',
      distribution: 'graalvm',
      places: ['https://download.oracle.com/graalvm/'],
      sum: (at) => `${at}.sha256`,
    }),
  ],
  lifecycle: jdkLifecycle(
    '25 ..2030-09-30; 24 ..2025-09-30; 23 ..2025-03-31; 22 ..2024-09-17; 21 lts ..2028-09-30; 20 ..2023-09-19; 17 lts ..2026-09-30',
    'oracle-graalvm',
  ),
};
