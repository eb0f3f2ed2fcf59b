// Clients of QUIC, against an HTTP/3 server of aioquic in the same root.

import { untilVisited } from '../names.mjs'

const ROOT = 'trixie'
const SERVER = 'python3 $CLIENTS/quic-server.py $(dirname $CA) $LOG & sleep 2'
const SWITCHES =
  '--headless --no-sandbox --disable-gpu --ignore-certificate-errors --no-first-run --disable-background-networking --disable-component-update --disable-dev-shm-usage --user-data-dir=/tmp/profile --origin-to-force-quic-on=www.alpha.test:443,b.test:443,static.long-name.example-shop.test:443 --remote-debugging-port=9222'
/** QUIC does without --ignore-certificate-errors: the server's key is named. */
const SPKI =
  'SPKI=$(openssl x509 -in $(dirname $CA)/ec.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)'
const visit = `for i in $(seq 150); do curl -s http://127.0.0.1:9222/json/version >/dev/null && break; sleep 0.1; done; curl -s -X PUT "http://127.0.0.1:9222/json/new?$URL"; ${untilVisited(20)}`
const POLICIES = '/etc/chromium/policies/managed'

const quic = (recipe) => ({
  root: ROOT,
  transport: 'quic',
  needs: 'python3 -c "import aioquic"',
  connections: 4,
  seconds: 60,
  notes: 'QUIC',
  ...recipe,
})

/** Releases in npm's @sparticuz/chromium; ALPS, hybrid groups and ECH changed between them. */
const RELEASES = ['106.0.2', '119.0.2', '130.0.0', '137.0.1', '149.0.0']

const headless = (release) => {
  const binary = `$NPM/@sparticuz/chromium@${release}/bin/chromium`
  return quic({
    label: `quic-headless-chromium${release.split('.')[0]}`,
    library: 'BoringSSL QUIC (quiche/Google)',
    libraryVersion: 'agent:(Chrome/[0-9.]+)',
    client: 'headless_shell (@sparticuz/chromium)',
    clientVersion: 'agent:Chrome/([0-9.]+)',
    configuration: '',
    notes: `QUIC forced by --origin-to-force-quic-on; Chromium build inside npm's @sparticuz/chromium@${release}`,
    cmd: `${SERVER}; ${SPKI}; ${binary} ${SWITCHES} --ignore-certificate-errors-spki-list=$SPKI about:blank & ${visit}`,
    expectUserAgent: 'Chrome/',
  })
}

const chromium = ([name, switches, configuration, policy]) =>
  quic({
    label: `quic-chromium-${ROOT}${name === 'default' ? '' : `-${name}`}`,
    library: 'BoringSSL QUIC (quiche/Google)',
    libraryVersion: 'deb:chromium',
    client: 'Chromium (headless)',
    clientVersion: 'deb:chromium',
    configuration,
    notes: 'QUIC forced by --origin-to-force-quic-on',
    cmd: `${SERVER}; ${policy ? `mkdir -p ${POLICIES}; mount -t tmpfs tmpfs ${POLICIES}; echo '${policy}' > ${POLICIES}/all.json; ` : ''}${SPKI}; chromium ${SWITCHES} --ignore-certificate-errors-spki-list=$SPKI ${switches} about:blank & ${visit}`,
    expectUserAgent: 'Chrome/',
  })

const FIREFOX_PREFS = {
  'network.http.http3.alt-svc-mapping-for-testing':
    'www.alpha.test;h3=:443,b.test;h3=:443,static.long-name.example-shop.test;h3=:443',
  'network.http.http3.enable': true,
  'network.manage-offline-status': false,
  'browser.shell.checkDefaultBrowser': false,
  'network.captive-portal-service.enabled': false,
  'network.dns.disableIPv6': true,
  'network.http.http3.disable_when_third_party_roots_found': false,
}
const firefox = ([name, prefs, configuration]) =>
  quic({
    label: `quic-firefox-esr-${ROOT}${name === 'default' ? '' : `-${name}`}`,
    library: 'NSS QUIC (neqo)',
    libraryVersion: 'deb:firefox-esr',
    client: 'Firefox ESR (headless)',
    clientVersion: 'deb:firefox-esr',
    configuration,
    notes: 'QUIC by alt-svc-mapping-for-testing',
    cmd: `${SERVER}; mkdir profile; certutil -N -d sql:profile --empty-password; certutil -A -d sql:profile -n recording -t C,, -i $CA; cat > profile/user.js <<'END'\n${Object.entries(
      { ...FIREFOX_PREFS, ...prefs },
    )
      .map(([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});`)
      .join(
        '\n',
      )}\nEND\ntimeout 55 firefox-esr --headless --no-remote --profile $PWD/profile $URL & ${untilVisited(45)}`,
  })

export default [
  ...[
    ['default', '', ''],
    ['incognito', '--incognito', '--incognito'],
    [
      'no-ech',
      '--disable-features=EncryptedClientHello',
      '--disable-features=EncryptedClientHello',
    ],
    [
      'policy-no-hybrid',
      '',
      'policy PostQuantumKeyAgreementEnabled: false',
      '{"PostQuantumKeyAgreementEnabled":false}',
    ],
    [
      'no-permutation',
      '--disable-features=PermuteTLSExtensions',
      '--disable-features=PermuteTLSExtensions',
    ],
  ].map(chromium),
  ...RELEASES.map(headless),
  ...[
    ['default', {}, ''],
    [
      'no-hybrid',
      { 'network.http.http3.enable_kyber': false, 'security.tls.enable_kyber': false },
      'no hybrid group',
    ],
    [
      'no-ech',
      { 'security.tls.ech.grease_http3': false, 'security.tls.ech.grease_probability': 0 },
      'no ECH',
    ],
    ['private', { 'browser.privatebrowsing.autostart': true }, 'private browsing'],
  ].map(firefox),
  quic({
    label: `quic-curl-${ROOT}`,
    library: 'GnuTLS',
    libraryVersion: 'deb:libgnutls30t64',
    client: 'curl --http3-only',
    clientVersion: 'deb:curl',
    needs:
      'python3 -c "import aioquic"; curl -V | grep -q HTTP3 && ldd $(which curl) | grep -q ngtcp2_crypto_gnutls',
    cmd: `${SERVER}; curl -sL --http3-only $URL`,
  }),
  quic({
    label: `quic-curl-openssl-${ROOT}`,
    library: 'OpenSSL QUIC',
    libraryVersion: 'deb:libssl3t64',
    client: 'curl --http3-only',
    clientVersion: 'deb:curl',
    needs:
      'python3 -c "import aioquic"; curl -V | grep -q HTTP3 && ! ldd $(which curl) | grep -q ngtcp2_crypto_gnutls',
    cmd: `${SERVER}; curl -sL --http3-only $URL`,
  }),
  quic({
    label: `quic-aioquic-${ROOT}`,
    library: 'aioquic',
    libraryVersion: 'deb:python3-aioquic',
    client: 'aioquic',
    clientVersion: 'deb:python3-aioquic',
    cmd: `${SERVER}; python3 - <<'END'
import asyncio, os, ssl
from aioquic.asyncio import connect
from aioquic.quic.configuration import QuicConfiguration
async def go():
  for name in os.environ['NAMES'].split():
    async with connect(name, 443, configuration=QuicConfiguration(alpn_protocols=['h3'], verify_mode=ssl.CERT_NONE, server_name=name)) as client: await client.ping()
asyncio.run(go())
END`,
  }),
]
