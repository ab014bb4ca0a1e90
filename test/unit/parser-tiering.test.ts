import { execFileSync } from 'node:child_process';
import * as v8 from 'node:v8';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { leaveParserPlain } from '../../src/adapters/net/parser-tiering';

vi.mock('node:v8', async (original) => ({ ...(await original<typeof v8>()), setFlagsFromString: vi.fn() }));

describe('the flag that leaves the parser of answers plain', () => {
  beforeEach(() => vi.mocked(v8.setFlagsFromString).mockClear());

  it.each(['20.19.0', '22.23.5', '24.22.3'])('is set in Node %s', async (version) => {
    await leaveParserPlain(version);
    expect(v8.setFlagsFromString).toHaveBeenCalledWith(expect.stringMatching(/^--wasm-tiering-budget=\d{9,}$/));
  });

  it.each(['18.20.0', '25.0.0', '99.0.0', undefined])('is not tried in Node %s', async (version) => {
    await leaveParserPlain(version);
    expect(v8.setFlagsFromString).not.toHaveBeenCalled();
  });

  it('is known to this Node if it is set here', async () => {
    await leaveParserPlain(process.versions.node);
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    if (vi.mocked(v8.setFlagsFromString).mock.calls.length > 0) expect(known).toContain('--wasm-tiering-budget');
  });
});
