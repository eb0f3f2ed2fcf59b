// Chromium: Debian's builds, and the builds of many releases that lie in the npm package @sparticuz/chromium, each with
// what a managed policy, a switch or the user may set.

import { untilVisited } from '../names.mjs'

const SWITCHES = [
  '--headless --no-sandbox --disable-gpu --ignore-certificate-errors --no-first-run --disable-background-networking',
  '--disable-component-update --disable-sync --disable-default-apps --disable-dev-shm-usage --user-data-dir=/tmp/profile',
].join(' ')

/** Configurations: a name, the switches, the address, a policy (Debian's builds only), and what to write of it. */
export const CONFIGURATIONS = {
  default: {},
  address: { url: '$URL_ADDRESS', says: 'IP address URL' },
  retry: { url: '$URL_RETRY', says: 'server of P-384 and P-521 only: HelloRetryRequest' },
  tls12server: { url: '$URL_TLS12', says: 'server of TLS 1.2 at most' },
  http1server: { url: '$URL_HTTP1', says: 'server without HTTP/2' },
  websocket: { url: 'https://$NAME/websocket', says: 'page that opens WebSockets' },
  fetches: { url: 'https://$NAME/fetch', says: 'page that fetches from three hosts' },
  incognito: { switches: '--incognito', says: '--incognito' },
  tls12max: { switches: '--ssl-version-max=tls1.2', says: '--ssl-version-max=tls1.2' },
  tls13min: { switches: '--ssl-version-min=tls1.3', says: '--ssl-version-min=tls1.3' },
  'no-http2': { switches: '--disable-http2', says: '--disable-http2' },
  'no-ech': {
    switches: '--disable-features=EncryptedClientHello',
    says: '--disable-features=EncryptedClientHello',
  },
  'no-hybrid': {
    switches: '--disable-features=PostQuantumKyber,X25519Kyber768,UseMLKEM,PostQuantumCECPQ2',
    says: '--disable-features=PostQuantumKyber,…: no hybrid group where the build has the flag',
  },
  'no-permutation': {
    switches: '--disable-features=PermuteTLSExtensions',
    says: '--disable-features=PermuteTLSExtensions',
  },
  denylist: {
    switches:
      '--cipher-suite-blacklist=0x009c,0x009d,0x002f,0x0035 --cipher-suite-denylist=0x009c,0x009d,0x002f,0x0035',
    says: 'cipher suites with RSA key exchange denied',
  },
  'denylist-cbc': {
    switches: '--cipher-suite-denylist=0xc013,0xc014,0x002f,0x0035',
    says: 'cipher suites with CBC denied',
  },
  'no-chacha': {
    switches: '--cipher-suite-denylist=0xcca8,0xcca9,0x1303',
    says: 'ChaCha20 cipher suites denied',
  },
  'websocket-address': {
    url: '${URL_ADDRESS%/5}/websocket',
    says: 'WebSockets to an IP address',
  },
  'incognito-no-ech': {
    switches: '--incognito --disable-features=EncryptedClientHello',
    says: '--incognito, no ECH',
  },
  'tls12max-address': {
    switches: '--ssl-version-max=tls1.2',
    url: '$URL_ADDRESS',
    says: 'TLS 1.2 at most, IP address URL',
  },
  'websocket-tls12max': {
    switches: '--ssl-version-max=tls1.2',
    url: 'https://$NAME/websocket',
    says: 'TLS 1.2 at most, WebSockets',
  },
  'no-http2-no-ech-no-hybrid': {
    switches:
      '--disable-http2 --disable-features=EncryptedClientHello,PostQuantumKyber,X25519Kyber768,UseMLKEM',
    says: 'no HTTP/2, no ECH, no hybrid group where the build has the flags',
  },
  'no-trust-anchors': {
    switches: '--disable-features=TLSTrustAnchorIDs',
    says: '--disable-features=TLSTrustAnchorIDs',
  },
  'trust-anchors': {
    switches: '--enable-features=TLSTrustAnchorIDs',
    says: '--enable-features=TLSTrustAnchorIDs',
  },
  'policy-no-hybrid': {
    policy: { PostQuantumKeyAgreementEnabled: false },
    says: 'policy PostQuantumKeyAgreementEnabled: false',
  },
  'policy-no-ech': {
    policy: { EncryptedClientHelloEnabled: false },
    says: 'policy EncryptedClientHelloEnabled: false',
  },
  'policy-sslversionmin13': {
    policy: { SSLVersionMin: 'tls1.3' },
    says: 'policy SSLVersionMin: tls1.3',
  },
  'policy-sha1': {
    policy: { InsecureHashesInTLSHandshakesEnabled: false },
    says: 'policy InsecureHashesInTLSHandshakesEnabled: false',
  },
  'policy-sha1-on': {
    policy: { InsecureHashesInTLSHandshakesEnabled: true },
    says: 'policy InsecureHashesInTLSHandshakesEnabled: true',
  },
  'policy-denylist': {
    policy: { TLSCipherSuiteDenyList: ['0x1303', '0xcca9', '0xcca8'] },
    says: 'policy that denies ChaCha20',
  },
  'policy-all': {
    policy: {
      PostQuantumKeyAgreementEnabled: false,
      EncryptedClientHelloEnabled: false,
      InsecureHashesInTLSHandshakesEnabled: false,
      SSLVersionMin: 'tls1.2',
      IncognitoModeAvailability: 2,
    },
    says: 'policies: no hybrid group, no ECH, no SHA-1, incognito forced',
  },
  'policy-hardening': {
    policy: {
      TLS13HardeningForLocalAnchorsEnabled: true,
      TripleDESEnabled: true,
      CECPQ2Enabled: false,
    },
    says: 'policies TLS13HardeningForLocalAnchors, 3DES on, CECPQ2 off',
  },
  'async-dns': {
    switches: '--enable-features=AsyncDns --disable-ipv6',
    says: '--enable-features=AsyncDns',
  },
  guest: { switches: '--guest', says: '--guest' },
  'host-rules': {
    switches: '--host-resolver-rules="MAP * 127.0.0.11"',
    says: '--host-resolver-rules',
  },
}

const POLICIES = '/etc/chromium/policies/managed'

/** Opens the page by the debugging port: builds of headless_shell after 110 have no --dump-dom. */
function visit(url) {
  const at = 'http://127.0.0.1:9222/json'
  return `for i in $(seq 150); do curl -s ${at}/version >/dev/null && break; sleep 0.1; done; curl -s -X PUT "${at}/new?${url}"; ${untilVisited(15)}`
}

function command(binary, { switches = '', url = '$URL', policy }, isWindow) {
  const policies =
    policy === undefined
      ? ''
      : `mkdir -p ${POLICIES}; mount -t tmpfs tmpfs ${POLICIES}; echo '${JSON.stringify(policy)}' > ${POLICIES}/all.json; `
  if (!isWindow)
    return `${policies}${binary} ${SWITCHES} ${switches} --remote-debugging-port=9222 about:blank & ${visit(url)}`
  const visible = SWITCHES.replace('--headless ', '')
  return `${policies}Xvfb :7 & sleep 1; DISPLAY=:7 timeout 30 ${binary} ${visible} ${switches} ${url} & ${untilVisited(25)}`
}

/** Releases in npm, and the configurations recorded of each: all have the default, then some of the others in turn. */
const RELEASES = [
  '92.0.0 106.0.2 107.0.0 108.0.3 111.0.0 112.0.2 113.0.1 114.0.0 115.0.0 116.0.0 117.0.0 118.0.0 119.0.2 121.0.0',
  '122.0.0 123.0.1 126.0.0 127.0.0 129.0.0 130.0.0 132.0.0 133.0.0 135.0.0-next.3 137.0.1 140.0.0 141.0.0 143.0.4',
  '147.0.2 148.0.0 149.0.0 152.0.0 153.0.0',
]
  .join(' ')
  .split(' ')
const IN_TURN = Object.keys(CONFIGURATIONS).filter(
  (name) => name !== 'default' && !name.startsWith('policy') && name !== 'guest',
)

function headless(release, name) {
  const binary = `$NPM/@sparticuz/chromium@${release}/bin/chromium`
  const [major] = release.split('.')
  return {
    label: `headless-chromium${major}${name === 'default' ? '' : `-${name}`}`,
    library: 'BoringSSL',
    libraryVersion: 'agent:(Chrome/[0-9.]+)',
    client: 'headless_shell (@sparticuz/chromium)',
    clientVersion: 'agent:Chrome/([0-9.]+)',
    configuration: CONFIGURATIONS[name].says ?? '',
    notes: `Chromium build inside npm's @sparticuz/chromium@${release}`,
    needs: `test -x ${binary}`,
    cmd: command(binary, CONFIGURATIONS[name]),
    expectUserAgent: 'Chrome/',
    seconds: 40,
    connections: name === 'default' ? 6 : 4,
  }
}

const PER_RELEASE = 3
const fromNpm = RELEASES.flatMap((release, n) => [
  headless(release, 'default'),
  ...Array.from({ length: PER_RELEASE }, (_, k) =>
    headless(release, IN_TURN[(n * PER_RELEASE + k) % IN_TURN.length]),
  ),
])

function debian(root, name, isWindow = false) {
  const suite = root.replace(/^roots?-/, '')
  return {
    label: `chromium-${suite}${isWindow ? '-window' : ''}${name === 'default' ? '' : `-${name}`}`,
    root,
    library: 'BoringSSL',
    libraryVersion: 'deb:chromium',
    client: isWindow ? 'Chromium' : 'Chromium (headless)',
    clientVersion: 'deb:chromium',
    configuration: CONFIGURATIONS[name].says ?? '',
    notes: isWindow ? 'with a window, under Xvfb' : '',
    needs: 'which chromium Xvfb mount',
    cmd: command('chromium', CONFIGURATIONS[name], isWindow),
    expectUserAgent: 'Chrome/',
    seconds: 40,
    connections: name === 'default' ? 6 : 4,
  }
}

const WINDOWS = ['default', 'incognito', 'websocket', 'address', 'guest', 'policy-all']
const fromDebian = ['bookworm', 'trixie', 'sid', 'bullseye'].flatMap((root) => [
  ...Object.keys(CONFIGURATIONS)
    .filter((name) => root === 'bookworm' || name !== 'guest')
    .map((name) => debian(root, name)),
  ...WINDOWS.map((name) => debian(root, name, true)),
])

export default [...fromNpm, ...fromDebian]
