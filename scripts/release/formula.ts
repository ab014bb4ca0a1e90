import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseArchive } from './archives';
import { sha256 } from './sums';

/** https://docs.brew.sh/Formula-Cookbook: for a tap, with the archives' digests in it. */
export function makeFormula(options: {
  readonly root: string;
  readonly folder: string;
  readonly version: string;
  readonly base: string;
  readonly archives: readonly ReleaseArchive[];
}): void {
  const { root, folder, version, base, archives } = options;
  const { description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly description: string;
    readonly license: string;
  };
  const block = (os: string, platform: (cpu: string) => string): string => {
    const rows = (['arm', 'intel'] as const).flatMap((cpu) => {
      const found = archives.find((one) => one.platform === platform(cpu === 'arm' ? 'arm64' : 'x64'));
      if (found === undefined) return [];
      return [
        `    on_${cpu} do`,
        `      url "${base}/${version}/polyenv-${version}-${found.platform}.tar.gz"`,
        `      sha256 "${sha256(found.file)}"`,
        '    end',
      ];
    });
    return rows.length === 0 ? '' : [`  on_${os} do`, ...rows, '  end', '', ''].join('\n');
  };
  writeFileSync(
    join(folder, 'polyenv.rb'),
    `class Polyenv < Formula
  desc "${description.split(':')[0]}"
  homepage "${base.replace(/\/[^/]*$/, '')}"
  version "${version}"
  license "${license}"

${block('macos', (cpu) => `darwin-${cpu}`)}${block('linux', (cpu) => `linux-${cpu}`)}  def install
    libexec.install Dir["*"]
    bin.install_symlink libexec/"bin/polyenv"
    man1.install Dir[libexec/"dist/man/man1/*.1"]
  end

  def caveats
    <<~TEXT
      To put the shims on PATH, once:
        polyenv setup
    TEXT
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/polyenv --version").strip
  end
end
`,
  );
}
