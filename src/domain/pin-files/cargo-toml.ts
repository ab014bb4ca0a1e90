import type { PinFile } from '../runtime';

export const cargoRustVersion: PinFile = { file: 'Cargo.toml', read: () => ({ pins: [] }) };
