import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Machine } from './cli';

const real = process.env;
const realHome = real.HOME ?? '/';

/** A build of a second is over before the JVM's second compiler pays. */
const QUICK = { MAVEN_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' };

/** How this machine's own clients reach their registries, and where other managers keep toolchains: variables for a new person. */
export function ownConfiguration(): Record<string, string> {
  const folders = {
    PYENV_ROOT: '.pyenv',
    RUSTUP_HOME: '.rustup',
    NVM_DIR: '.nvm',
    SDKMAN_DIR: '.sdkman',
    GOENV: '.config/go/env',
    NPM_CONFIG_USERCONFIG: '.npmrc',
    PIP_CONFIG_FILE: '.config/pip/pip.conf',
  };
  const found = Object.entries(folders).flatMap(([name, path]) => {
    const place = real[name] ?? join(realHome, path);
    return existsSync(place) ? [[name, place] as const] : [];
  });
  const passed = Object.entries(real).filter(
    ([name, value]) =>
      value !== undefined && /^(?:GOPROXY|GOSUMDB|GONOSUMDB|PIP_\w+|UV_\w+|NODE_EXTRA_CA_CERTS|\w+_proxy)$/i.test(name),
  );
  return { ...QUICK, ...Object.fromEntries(passed), ...Object.fromEntries(found) } as Record<string, string>;
}

/** The settings that Maven and cargo read only from the person's home. */
export function takeSettings(machine: Machine): void {
  for (const file of ['.m2/settings.xml', '.cargo/config.toml', '.cargo/config']) {
    const from = join(realHome, file);
    if (!existsSync(from)) continue;
    mkdirSync(dirname(join(machine.home, file)), { recursive: true });
    copyFileSync(from, join(machine.home, file));
  }
}
