import { parseRequests } from '../../app/project/requests';
import { fetchOnly } from '../../app/toolchains/fetch-only';
import { PolyenvError } from '../../domain/words/errors';
import { flag, type Input } from '../command';
import { columns } from '../output/columns';
import type { Outcome } from '../output/outcome';
import { providedData, providedRows } from '../provided';

/** `polyenv install node@20`: others pin by this word; here it fills the store, and says what pins. */
export async function installOnly(input: Input): Promise<Outcome> {
  const { ctx, args, output } = input;
  for (const name of ['frozen', 'all'] as const) {
    if (!flag(input, name)) continue;
    throw new PolyenvError('usage', `--${name} installs what is pinned: it takes no runtime`, {
      hint: `polyenv install --${name}`,
    });
  }
  const requests = await parseRequests(args);
  const asked = requests.map(({ request }) => `${request.tool}@${request.text}`);
  const pin = `polyenv use ${asked.join(' ')}`;
  if (flag(input, 'dry-run')) {
    return { data: { dryRun: true, tools: asked }, text: `would put into the store: ${asked.join(' ')}` };
  }
  const provided = await fetchOnly(ctx, requests);
  const rows = providedRows(provided, output.out);
  return {
    data: {
      tools: providedData(provided),
      pinned: false,
      pin,
    },
    text: `${columns(rows)}\nnothing is pinned by this; to pin here: ${pin}`,
  };
}
