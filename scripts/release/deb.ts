import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseArchive } from './archives';

/** https://nfpm.goreleaser.com, built by the Go of this machine from the module proxy. */
const NFPM = 'github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0';

/** A Debian package for each Linux with glibc; returns why there is none where there is none. */
export function makeDeb(options: {
  readonly root: string;
  readonly folder: string;
  readonly work: string;
  readonly version: string;
  readonly time: Date;
  readonly archives: readonly ReleaseArchive[];
}): readonly string[] {
  const { folder, work, version, time, archives } = options;
  return archives
    .filter(({ platform }) => platform === 'linux-x64' || platform === 'linux-arm64')
    .flatMap(({ platform, tree }) => {
      const arch = platform === 'linux-x64' ? 'amd64' : 'arm64';
      const file = join(work, `nfpm-${arch}.json`);
      const moment = time.toISOString();
      writeFileSync(
        file,
        JSON.stringify({
          name: 'polyenv',
          arch,
          platform: 'linux',
          version,
          section: 'devel',
          priority: 'optional',
          maintainer: 'The polyenv authors <polyenv@localhost>',
          description: 'Every project its own Rust, Node.js, Python, Go and Java',
          license: 'MIT',
          mtime: moment,
          depends: ['libc6 (>= 2.28)', 'libstdc++6'],
          contents: [
            { src: tree, dst: '/usr/lib/polyenv', type: 'tree', file_info: { mtime: moment } },
            {
              src: '/usr/lib/polyenv/bin/polyenv',
              dst: '/usr/bin/polyenv',
              type: 'symlink',
              file_info: { mtime: moment },
            },
          ],
        }),
      );
      const target = join(folder, `polyenv_${version}_${arch}.deb`);
      const ran = spawnSync('go', ['run', NFPM, 'package', '--config', file, '--packager', 'deb', '--target', target], {
        cwd: work,
        encoding: 'utf8',
        env: { ...process.env, SOURCE_DATE_EPOCH: String(time.getTime() / 1000), GOFLAGS: '-mod=mod' },
      });
      if (ran.status === 0) return [];
      return [`deb for ${arch}: ${ran.error?.message ?? ran.stderr.trim().split('\n').at(-1)}`];
    });
}
