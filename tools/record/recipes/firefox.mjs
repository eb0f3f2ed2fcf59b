// Firefox of several Debian suites, with preferences and policies that change the hello or how it is sent.

import { untilVisited } from '../names.mjs'

/** Configurations: preferences, a policy, switches, the address, and what to write of it. */
export const CONFIGURATIONS = {
  default: {},
  address: { url: '$URL_ADDRESS', says: 'IP address URL' },
  retry: { url: '$URL_RETRY', says: 'server of P-384 and P-521 only: HelloRetryRequest' },
  tls12server: { url: '$URL_TLS12', says: 'server of TLS 1.2 at most' },
  http1server: { url: '$URL_HTTP1', says: 'server without HTTP/2' },
  websocket: { url: 'https://$NAME/websocket', says: 'page that opens WebSockets' },
  fetches: { url: 'https://$NAME/fetch', says: 'page that fetches from three hosts' },
  private: { switches: '--private-window', says: 'private window' },
  'private-address': {
    switches: '--private-window',
    url: '$URL_ADDRESS',
    says: 'private window, IP address URL',
  },
  tls12max: { prefs: { 'security.tls.version.max': 3 } },
  tls13min: { prefs: { 'security.tls.version.min': 4 } },
  tls10min: {
    prefs: { 'security.tls.version.min': 1, 'security.tls.version.enable-deprecated': true },
  },
  'no-http2': {
    prefs: {
      'network.http.http2.enabled': false,
      'network.http.spdy.enabled': false,
      'network.http.spdy.enabled.http2': false,
    },
  },
  'no-ech-grease': { prefs: { 'security.tls.ech.grease_probability': 0 } },
  'ech-grease-size': {
    prefs: { 'security.tls.ech.grease_size': 200, 'security.tls.ech.grease_probability': 100 },
  },
  'no-hybrid': {
    prefs: { 'security.tls.enable_kyber': false, 'network.http.http3.enable_kyber': false },
  },
  'hybrid-on': { prefs: { 'security.tls.enable_kyber': true } },
  'no-p256-share': { prefs: { 'security.tls.client_hello.send_p256_keyshare': false } },
  'no-hybrid-no-p256-share': {
    prefs: {
      'security.tls.enable_kyber': false,
      'security.tls.client_hello.send_p256_keyshare': false,
    },
  },
  'no-delegated-credentials': { prefs: { 'security.tls.enable_delegated_credentials': false } },
  'no-cert-compression': {
    prefs: {
      'security.tls.enable_certificate_compression_zlib': false,
      'security.tls.enable_certificate_compression_zstd': false,
      'security.tls.enable_certificate_compression_brotli': false,
      'security.tls.enable_certificate_compression_abridged': false,
    },
  },
  'no-ocsp': { prefs: { 'security.ssl.enable_ocsp_stapling': false, 'security.OCSP.enabled': 0 } },
  'no-sct': { prefs: { 'security.pki.certificate_transparency.mode': 0 } },
  'no-alpn': { prefs: { 'security.ssl.enable_alpn': false } },
  'no-tickets': { prefs: { 'security.ssl.disable_session_identifiers': true } },
  'no-token-cache': { prefs: { 'network.ssl_tokens_cache_enabled': false } },
  'post-handshake-auth': { prefs: { 'security.tls.enable_post_handshake_auth': true } },
  'no-early-data': { prefs: { 'security.tls.enable_0rtt_data': false } },
  'no-chacha': {
    prefs: {
      'security.tls13.chacha20_poly1305_sha256': false,
      'security.ssl3.ecdhe_ecdsa_chacha20_poly1305_sha256': false,
      'security.ssl3.ecdhe_rsa_chacha20_poly1305_sha256': false,
    },
  },
  'no-cbc-no-rsa': {
    prefs: {
      'security.ssl3.rsa_aes_128_sha': false,
      'security.ssl3.rsa_aes_256_sha': false,
      'security.ssl3.rsa_aes_128_gcm_sha256': false,
      'security.ssl3.rsa_aes_256_gcm_sha384': false,
      'security.ssl3.ecdhe_rsa_aes_128_sha': false,
      'security.ssl3.ecdhe_rsa_aes_256_sha': false,
      'security.ssl3.ecdhe_ecdsa_aes_128_sha': false,
      'security.ssl3.ecdhe_ecdsa_aes_256_sha': false,
    },
  },
  'aes256-only': {
    prefs: {
      'security.tls13.aes_128_gcm_sha256': false,
      'security.ssl3.ecdhe_rsa_aes_128_gcm_sha256': false,
      'security.ssl3.ecdhe_ecdsa_aes_128_gcm_sha256': false,
      'security.ssl3.ecdhe_rsa_aes_128_sha': false,
      'security.ssl3.ecdhe_ecdsa_aes_128_sha': false,
      'security.ssl3.rsa_aes_128_gcm_sha256': false,
      'security.ssl3.rsa_aes_128_sha': false,
    },
  },
  'des3-on': {
    prefs: {
      'security.ssl3.deprecated.rsa_des_ede3_sha': true,
      'security.tls.version.enable-deprecated': true,
    },
  },
  'resist-fingerprinting': { prefs: { 'privacy.resistFingerprinting': true } },
  arkenfox: {
    prefs: {
      'security.ssl.require_safe_negotiation': true,
      'security.tls.enable_0rtt_data': false,
      'security.OCSP.enabled': 1,
      'security.OCSP.require': true,
      'security.pki.crlite_mode': 2,
      'network.dns.disablePrefetch': true,
      'network.predictor.enabled': false,
      'privacy.partition.serviceWorkers': true,
    },
    says: 'preferences of a hardened profile',
  },
  'no-http2-no-ech-tls12max': {
    prefs: {
      'network.http.http2.enabled': false,
      'network.http.spdy.enabled': false,
      'network.http.spdy.enabled.http2': false,
      'security.tls.ech.grease_probability': 0,
      'security.tls.version.max': 3,
    },
  },
  'websocket-no-hybrid': {
    prefs: { 'security.tls.enable_kyber': false },
    url: 'https://$NAME/websocket',
  },
  'websocket-address': { url: '${URL_ADDRESS%/5}/websocket', says: 'WebSockets to an IP address' },
  'tls12max-address': { prefs: { 'security.tls.version.max': 3 }, url: '$URL_ADDRESS' },
  'policy-tls12max': { policy: { SSLVersionMax: 'tls1.2' } },
  'policy-ciphers': {
    policy: {
      DisabledCiphers: {
        TLS_RSA_WITH_AES_128_CBC_SHA: true,
        TLS_RSA_WITH_AES_256_CBC_SHA: true,
        TLS_RSA_WITH_AES_128_GCM_SHA256: true,
        TLS_RSA_WITH_AES_256_GCM_SHA384: true,
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: true,
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: true,
      },
    },
  },
  'policy-no-ech-no-hybrid': {
    policy: { DisableEncryptedClientHello: true, PostQuantumKeyAgreementEnabled: false },
  },
  'policy-minimum': {
    policy: {
      SSLVersionMin: 'tls1.3',
      PrivateBrowsingModeAvailability: 2,
      HttpsOnlyMode: 'force_enabled',
    },
  },
}

/** No page of its own on starting, no requests of its own, and certificates by the recording's authority. */
const QUIET = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'app.update.enabled': false,
  'network.dns.disableIPv6': true,
  // loopback alone counts as offline
  'network.manage-offline-status': false,
}

function says({ prefs, policy, says: text }) {
  if (text !== undefined) return text
  if (policy !== undefined) return `policies.json ${JSON.stringify(policy)}`
  if (prefs === undefined) return ''
  return `preferences ${Object.entries(prefs)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')}`
}

function command(
  binary,
  distribution,
  { prefs = {}, policy, switches = '', url = '$URL' },
  isWindow,
) {
  const lines = Object.entries({ ...QUIET, ...prefs }).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
  )
  const policies =
    policy === undefined
      ? ''
      : `mount -t tmpfs tmpfs ${distribution}; echo '${JSON.stringify({ policies: policy })}' > ${distribution}/policies.json; `
  const profile = `mkdir profile; certutil -N -d sql:profile --empty-password; certutil -A -d sql:profile -n recording -t C,, -i $CA; cat > profile/user.js <<'END'\n${lines.join('\n')}\nEND\n`
  const run = `timeout 60 ${binary} ${isWindow ? '' : '--headless'} --no-remote --profile $PWD/profile ${switches} ${url} & ${untilVisited(55)}`
  return `${policies}${profile}${isWindow ? 'Xvfb :7 & sleep 1; export DISPLAY=:7; ' : ''}${run}`
}

/** Builds: name, root, binary and its folder. */
const BUILDS = [
  ['firefox-esr-trixie', 'trixie', 'firefox-esr', '/usr/lib/firefox-esr', 'deb:firefox-esr'],
  ['firefox-sid', 'sid', 'firefox', '/usr/lib/firefox', 'deb:firefox'],
  ['firefox-esr-bullseye', 'bullseye', 'firefox-esr', '/usr/lib/firefox-esr', 'deb:firefox-esr'],
  [
    'firefox-esr140',
    'bookworm',
    '$BUILD/firefox140/usr/lib/firefox-esr/firefox-esr',
    '$BUILD/firefox140/usr/lib/firefox-esr',
    '140.12.0esr',
  ],
]
const WINDOWS = ['default', 'private', 'websocket', 'address']

function firefox([name, root, binary, folder, version], configuration, isWindow = false) {
  return {
    label: `${name}${isWindow ? '-window' : ''}${configuration === 'default' ? '' : `-${configuration}`}`,
    root,
    library: 'NSS',
    libraryVersion: version,
    client: `Firefox${name.includes('esr') ? ' ESR' : ''}${isWindow ? '' : ' (headless)'}`,
    clientVersion: version,
    configuration: says(CONFIGURATIONS[configuration]),
    notes: isWindow ? 'with a window, under Xvfb' : '',
    needs: `test -x $(which ${binary}) && which certutil Xvfb mount`,
    cmd: command(binary, `${folder}/distribution`, CONFIGURATIONS[configuration], isWindow),
    expectUserAgent: 'Firefox/',
    seconds: 65,
    connections: configuration === 'default' ? 6 : 4,
  }
}

export default BUILDS.flatMap((build) => [
  ...Object.keys(CONFIGURATIONS).map((name) => firefox(build, name)),
  ...WINDOWS.map((name) => firefox(build, name, true)),
])
