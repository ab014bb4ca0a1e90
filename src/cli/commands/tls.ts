import type { Seen } from '../../adapters/tls/clients';
import {
  authorityText,
  type ChangedStore,
  distrustAuthority,
  javaStore,
  lookAtStores,
  plannedJavaStore,
  tlsStatus,
  trustAuthority,
} from '../../app/gateway/tls';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { type Command, flag, type Input } from '../command';
import { confirm } from '../confirm';
import { columns } from '../output/columns';
import type { Outcome } from '../output/outcome';

export const command: Command = {
  name: 'tls',
  summary: 'who believes the certificates of names such as https://shop.localhost',
  describe:
    'The authority that signs them can sign for names of this machine and nothing else. Browsers believe it once you say so; programs of a project with names are told by variables.',
  arguments: [
    { name: 'what', describe: 'what to do; without it, status', choices: ['status', 'trust', 'untrust', 'ca'] },
  ],
  options: [
    { name: 'java', describe: "with ca: write a copy of Java's list with it, and print the option that names it" },
  ],
  examples: [
    { run: 'polyenv tls status', describe: 'has each program of this machine ask for a page, and says what it saw' },
    { run: 'polyenv tls trust', describe: 'browsers of this person believe it; no other rights are needed' },
    { run: 'polyenv tls ca', describe: 'the certificate, to put it elsewhere by hand' },
  ],
  run: async (input) => {
    const [what = 'status'] = input.args;
    if (what === 'trust') return trust(input);
    if (what === 'untrust') return untrust(input);
    if (what === 'ca') {
      if (flag(input, 'java')) {
        if (flag(input, 'dry-run')) {
          const store = plannedJavaStore(input.ctx);
          return { data: { dryRun: true, store }, text: `would write a copy of Java's list to ${store}` };
        }
        const store = await javaStore(input.ctx);
        return { data: { store }, text: `-Djavax.net.ssl.trustStore=${store}`, verbatim: true };
      }
      const { file, pem } = await authorityText(input.ctx);
      return { data: { file, pem }, text: pem.trimEnd(), verbatim: true };
    }
    return status(input);
  },
};

async function status({ ctx, output }: Input): Promise<Outcome> {
  const { root, stores, clients, port } = await tlsStatus(ctx);
  const { bold, green, yellow, dim } = output.out;
  const word = (seen: Seen): string => (seen.accepted ? green('accepts') : yellow('refuses'));
  const rows = clients.map(({ client, alone, inProject }) => [
    bold(client),
    `${word(alone)} outside of projects`,
    `${word(inProject)} in a project with names`,
    dim(printable((inProject.accepted ? alone.said : inProject.said) ?? '')),
  ]);
  const lists = stores.map(({ readers, path, state }) => [
    bold(readers),
    state === 'trusted'
      ? green('accept')
      : state === 'unknown'
        ? yellow('cannot be asked: certutil is missing')
        : yellow('do not accept'),
    dim(printable(path)),
  ]);
  // The last one is curl's own, and comes before SSL_CERT_FILE there.
  const own = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'].filter(
    (name) => (ctx.host.env[name] ?? '') !== '',
  );
  const kept = own.map((name) => `you set ${name} yourself, so polyenv leaves it as it is`);
  const hint = stores.some(({ state }) => state === 'not-trusted')
    ? ['browsers accept it after: polyenv tls trust']
    : [];
  return {
    data: { root, port, stores, clients },
    text: [`authority: ${root}`, columns([...lists]), columns(rows), ...kept, ...hint]
      .filter((line) => line !== '')
      .join('\n'),
  };
}

async function trust(input: Input): Promise<Outcome> {
  const { ctx } = input;
  const stores = await lookAtStores(ctx);
  const what = stores.map(({ readers, path }) => `  ${readers}: ${path}`).join('\n');
  if (flag(input, 'dry-run')) return { data: { dryRun: true, stores }, text: `would add the authority to:\n${what}` };
  const question = `browsers of this person will believe certificates for names below .localhost that polyenv signs:\n${what}`;
  if (!(await confirm(input, question))) {
    throw new PolyenvError('usage', 'nothing was changed: nobody could be asked, or the answer was no', {
      hint: 'polyenv tls trust --yes',
    });
  }
  const changed = await trustAuthority(ctx);
  return told(
    changed,
    changed.some(({ result }) => result === 'added')
      ? 'close the browser and start it again: it reads the list when it starts'
      : undefined,
  );
}

async function untrust(input: Input): Promise<Outcome> {
  const { ctx } = input;
  if (flag(input, 'dry-run')) {
    const stores = (await lookAtStores(ctx)).filter(({ state }) => state === 'trusted');
    return {
      data: { dryRun: true, stores },
      text: stores.map(({ path }) => `would take it out of ${path}`).join('\n') || 'nobody believes it',
    };
  }
  return told(await distrustAuthority(ctx), undefined);
}

function told(changed: readonly ChangedStore[], hint: string | undefined): Outcome {
  const lines = changed.map(({ readers, path, result, said }) => {
    const why = said === undefined ? '' : `: ${printable(said)}`;
    return `${result}  ${readers}  ${printable(path)}${why}`;
  });
  return {
    data: { stores: changed },
    text: [...(lines.length === 0 ? ['there is no authority yet'] : lines), ...(hint === undefined ? [] : [hint])].join(
      '\n',
    ),
    exit: changed.some(({ result }) => result === 'failed') ? 1 : 0,
  };
}
