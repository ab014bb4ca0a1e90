import { describeBill } from '../../app/checks/sbom';
import { renderCycloneDx, renderSpdx } from '../../domain/toolchain/sbom';
import { type Command, value } from '../command';

export const command: Command = {
  name: 'sbom',
  summary: 'a bill of materials of what this project runs on',
  describe:
    'SPDX 2.3 or CycloneDX 1.6 as JSON on stdout: every runtime with its version, archives, digests, where they are from and how they were proved.',
  options: [
    { name: 'format', value: 'FORMAT', choices: ['spdx', 'cyclonedx'], describe: 'spdx (the default) or cyclonedx' },
  ],
  examples: [{ run: 'polyenv sbom --format cyclonedx > sbom.json', describe: 'for a scanner' }],
  run: async (input) => {
    const bill = await describeBill(input.ctx);
    const format = value(input, 'format') === 'cyclonedx' ? 'cyclonedx' : 'spdx';
    const text = format === 'spdx' ? renderSpdx(bill) : renderCycloneDx(bill);
    return { data: { format, document: JSON.parse(text) as unknown }, text, verbatim: true };
  },
};
