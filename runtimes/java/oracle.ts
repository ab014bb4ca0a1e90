import { foojaySource, jdkLifecycle, type Vendor } from '../../src/kit';

/** Oracle's JDK under its no-fee terms. It has no list of its own that a program can read, but a digest beside each archive. */
export const vendor: Vendor = {
  id: 'oracle',
  builder: /^Oracle/i,
  sources: [
    foojaySource({
      vendor: 'oracle',
      distribution: 'oracle',
      places: ['https://download.oracle.com/java/'],
      sum: (at) => `${at}.sha256`,
    }),
  ],
  lifecycle: jdkLifecycle(
    `26 ..2026-09-18; 25 lts ..2030-09-30; 24 ..2025-09-16; 23 ..2025-03-18; 22 ..2024-09-17; 21 lts ..2028-09-30
    20 ..2023-09-19; 19 ..2023-03-21; 18 ..2022-09-20; 17 lts ..2026-09-30; 16 ..2021-09-14; 15 ..2021-03-16
    14 ..2020-09-16; 13 ..2020-03-17; 12 ..2019-09-17; 11 lts ..2023-09-30; 10 ..2018-09-25; 9 ..2018-03-20
    8 lts ..2022-03-31`,
    'oracle-jdk',
  ),
};
