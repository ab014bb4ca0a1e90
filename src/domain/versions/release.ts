import type { Version } from './version';

/** One release that a source offers. */
export interface Release {
  readonly version: Version;
  /** The moving line that it is on, where the upstream names one: `nightly`, `beta`. */
  readonly channel?: string;
  /** The codename of its long-term line, lower case (`iron`), or `''` where such lines have no name. */
  readonly lts?: string;
  /** `2024-02-13`. */
  readonly date?: string;
  readonly vendor?: string;
  readonly variant?: string;
  /** The vendor's own number of it, where that is another: `17.44.53` of Zulu. */
  readonly own?: string;
  readonly prerelease?: boolean;
  /** Release notes. */
  readonly notes?: string;
}
