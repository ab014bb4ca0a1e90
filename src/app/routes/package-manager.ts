import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDocument, reachOf } from '../../adapters/documents/documents';
import { ensureFolder } from '../../adapters/files/fs';
import { capture } from '../../adapters/system/spawn';
import { type PackageManagerPin, readPackageManager } from '../../domain/pins/files/package-manager';
import type { Environment } from '../../domain/routes/environment';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { refreshShims } from './compile';
import { toolEnvironment } from './tool-environment';

/** Those that corepack brings: https://github.com/nodejs/corepack#corepack-enable--name */
const BY_COREPACK = ['pnpm', 'yarn'];
const PATIENCE = 30_000;

/** The package manager that the nearest `package.json` asks for, with the file; `undefined` where none does or it cannot be read. */
export function findPackageManager(
  ctx: Context,
  folder: string,
): { readonly pin: PackageManagerPin; readonly file: string } | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json');
    try {
      const document = openDocument({ path: file, boundary: () => reachOf(at, ctx.host.personHome) });
      const pin = document === undefined ? undefined : readPackageManager(document).pins[0];
      if (pin !== undefined) return { pin, file };
    } catch (error) {
      // What is wrong with the file is told where its versions are read.
      if (!(error instanceof PolyenvError)) throw error;
      return undefined;
    }
    if (at === dirname(at) || at === ctx.host.personHome) return undefined;
  }
}

/**
 * Makes the package manager that the project asks for a command of the project, by the toolchain's own corepack, which
 * fetches it at its first call and proves it. Runs nothing of the project. Resolves to what a person should know.
 */
export async function enablePackageManager(ctx: Context, environment: Environment): Promise<string | undefined> {
  const asked = findPackageManager(ctx, environment.directory);
  if (asked === undefined) return undefined;
  const { pin, file } = asked;
  const wanted = `${file}:${pin.line} asks for ${pin.name} ${pin.version}`;
  const providing = environment.runtimes.find(({ commands }) => Object.hasOwn(commands, 'corepack'));
  const into = providing?.installs.find(({ command }) => command === 'corepack')?.into;
  const folder = into?.[1];
  if (!BY_COREPACK.includes(pin.name)) {
    const brought = environment.runtimes.some(({ commands }) => Object.hasOwn(commands, pin.name));
    return brought ? undefined : `${wanted}, which polyenv does not manage`;
  }
  if (providing === undefined || into === undefined || folder === undefined) {
    return `${wanted}, and no runtime here brings corepack: npm install -g ${pin.name}@${pin.version}`;
  }
  if (existsSync(join(folder, pin.name))) return undefined;
  await ensureFolder(folder);
  const { exit, stderr } = await capture(
    {
      file: providing.commands.corepack as string,
      args: ['enable', pin.name, ...into],
      env: toolEnvironment(ctx, environment),
      cwd: '/',
    },
    PATIENCE,
  );
  if (exit !== 0) return `${wanted}, and corepack could not make it a command: ${stderr.trim().split('\n')[0] ?? exit}`;
  await refreshShims(ctx);
  return undefined;
}
