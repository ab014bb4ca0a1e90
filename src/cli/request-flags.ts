import type { Option } from './command';

/**
 * The options of requests that the runtimes declare (`--component clippy`), for verbs that take requests. A contract
 * test holds this list against what the runtimes declare, so that no verb has to load them to read a command line.
 */
export const requestFlags: readonly Option[] = [
  { name: 'component', value: 'NAME', repeatable: true, describe: 'a further component of the toolchain (Rust)' },
  { name: 'target', value: 'TRIPLE', repeatable: true, describe: 'a further target to compile for (Rust)' },
  { name: 'profile', value: 'NAME', describe: 'which components come by default (Rust)' },
];
