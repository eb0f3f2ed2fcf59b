// Browsers that stand on QtWebEngine, on WebKitGTK or on their own engine, under Xvfb, in several Debian suites.

import { untilVisited } from '../names.mjs'

const SUITES = ['trixie', 'sid', 'bullseye', 'bookworm']

/** Pages every browser is sent to. */
const PAGES = {
  default: ['$URL', ''],
  address: ['$URL_ADDRESS', 'IP address URL'],
  retry: ['$URL_RETRY', 'server of P-384 and P-521 only'],
  tls12server: ['$URL_TLS12', 'server of TLS 1.2 at most'],
  http1server: ['$URL_HTTP1', 'server without HTTP/2'],
  websocket: ['https://$NAME/websocket', 'page that opens WebSockets'],
}

const START = [
  'mkdir -p .pki/nssdb',
  'certutil -N -d sql:.pki/nssdb --empty-password',
  'certutil -A -d sql:.pki/nssdb -n recording -t C,, -i $CA',
  '(Xvfb :7 -screen 0 1024x768x24 &)',
  'sleep 1',
  'export DISPLAY=:7 QTWEBENGINE_DISABLE_SANDBOX=1 WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1 WEBKIT_FORCE_SANDBOX=0',
].join('; ')
const QT_FLAGS = '--no-sandbox --disable-gpu --ignore-certificate-errors'

const qtwebengine = (name, deb, command) => ({
  name,
  deb,
  command,
  library: 'BoringSSL',
  libraryVersion: 'agent:(Chrome/[0-9.]+)',
  agent: 'Chrome/',
})
const webkit = (name, deb, command) => ({
  name,
  deb,
  command,
  library: 'GnuTLS (glib-networking)',
  libraryVersion:
    "run:dpkg-query -W -f '${Version}\\n' libgnutls30 libgnutls30t64 2>/dev/null | grep . | head -n 1",
  agent: 'AppleWebKit/',
})

const BROWSERS = [
  qtwebengine('falkon', 'falkon', 'falkon --no-extensions --current-tab='),
  qtwebengine(
    'qutebrowser',
    'qutebrowser',
    'qutebrowser --temp-basedir -s content.tls.certificate_errors load-insecurely ',
  ),
  webkit(
    'epiphany',
    'epiphany-browser',
    // without its filters, which it would fetch first
    `dbus-run-session -- sh -c 'gsettings set org.gnome.Epiphany.web:/org/gnome/epiphany/web/ enable-adblock false; exec epiphany "$1"' sh `,
  ),
  webkit('luakit', 'luakit', 'dbus-run-session -- luakit --nounique '),
  webkit('surf', 'surf', 'dbus-run-session -- surf '),
  webkit('vimb', 'vimb', 'dbus-run-session -- vimb '),
  webkit('cog', 'cog', 'dbus-run-session -- cog --platform=headless --ignore-tls-errors '),
  {
    name: 'netsurf',
    deb: 'netsurf-gtk',
    command: 'dbus-run-session -- netsurf-gtk3 ',
    library: 'OpenSSL',
    libraryVersion:
      "run:dpkg-query -W -f '${Version}\\n' libssl1.1 libssl3 libssl3t64 2>/dev/null | grep . | head -n 1",
    agent: 'NetSurf/',
    needs: 'which netsurf-gtk3',
  },
  {
    name: 'dillo',
    deb: 'dillo',
    command: 'dillo ',
    library: 'OpenSSL',
    libraryVersion:
      "run:dpkg-query -W -f '${Version}\\n' libssl1.1 libssl3 libssl3t64 2>/dev/null | grep . | head -n 1",
    agent: '',
    needs: 'ldd $(which dillo) | grep -q libssl',
  },
  {
    name: 'dillo-mbedtls',
    deb: 'dillo',
    command: 'dillo ',
    library: 'Mbed TLS',
    libraryVersion:
      "run:dpkg-query -W -f '${Version}\\n' 'libmbedtls[0-9]*' 2>/dev/null | grep . | head -n 1",
    agent: '',
    needs: 'ldd $(which dillo) | grep -q mbedtls',
  },
]

/** What a QtWebEngine is started with, by its environment. */
const QT_CONFIGURATIONS = {
  tls12max: '--ssl-version-max=tls1.2',
  tls13min: '--ssl-version-min=tls1.3',
  'no-http2': '--disable-http2',
  'no-ech': '--disable-features=EncryptedClientHello',
  'no-hybrid': '--disable-features=PostQuantumKyber,X25519Kyber768,UseMLKEM',
  'no-permutation': '--disable-features=PermuteTLSExtensions',
  denylist:
    '--cipher-suite-blacklist=0x009c,0x009d,0x002f,0x0035 --cipher-suite-denylist=0x009c,0x009d,0x002f,0x0035',
}

function recipe(browser, root, name, page, flags, says) {
  return {
    label: `${browser.name}-${root}${name === 'default' ? '' : `-${name}`}`,
    root,
    library: browser.library,
    libraryVersion: browser.libraryVersion,
    client: browser.name.replace(/-.*/, ''),
    clientVersion: `deb:${browser.deb}`,
    configuration: says,
    notes: 'with a window, under Xvfb',
    needs: `dpkg-query -W -f '\${db:Status-Abbrev}' ${browser.deb} 2>/dev/null | grep -q ^ii && which Xvfb certutil${browser.needs ? ` && ${browser.needs}` : ''}`,
    cmd: `${START}; export QTWEBENGINE_CHROMIUM_FLAGS="${QT_FLAGS} ${flags}"; timeout 40 ${browser.command}${page} & ${untilVisited(30)}`,
    expectUserAgent: browser.agent,
    seconds: 45,
    connections: name === 'default' ? 5 : 3,
  }
}

export default SUITES.flatMap((root) =>
  BROWSERS.flatMap((browser) => [
    ...Object.entries(PAGES).map(([name, [page, says]]) =>
      recipe(browser, root, name, page, '', says),
    ),
    ...(browser.name === 'falkon'
      ? Object.entries(QT_CONFIGURATIONS).map(([name, flags]) =>
          recipe(browser, root, name, '$URL', flags, `QTWEBENGINE_CHROMIUM_FLAGS ${flags}`),
        )
      : []),
  ]),
)
