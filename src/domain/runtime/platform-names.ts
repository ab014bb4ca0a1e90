import type { PlatformKey } from './platform';

/** What LLVM and Rust call a platform, and who names files as they do: https://doc.rust-lang.org/rustc/platform-support.html */
export const TARGET_TRIPLES: Readonly<Record<PlatformKey, string>> = {
  'linux-x64': 'x86_64-unknown-linux-gnu',
  'linux-arm64': 'aarch64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'windows-x64': 'x86_64-pc-windows-msvc',
  'windows-arm64': 'aarch64-pc-windows-msvc',
};

/** Go's own names, `GOOS-GOARCH`. Its programs are static (Go itself from 1.21 on), so that one serves glibc and musl. */
export const GO_TARGETS: Readonly<Record<PlatformKey, string>> = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'linux-x64-musl': 'linux-amd64',
  'linux-arm64-musl': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
  'windows-x64': 'windows-amd64',
  'windows-arm64': 'windows-arm64',
};
