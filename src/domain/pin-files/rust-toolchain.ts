import type { PinFile } from '../runtime';

export const rustToolchain: PinFile = { file: 'rust-toolchain', read: () => ({ pins: [] }) };

export const rustToolchainToml: PinFile = { file: 'rust-toolchain.toml', read: () => ({ pins: [] }) };
